#include "pkg/api/quantity.h"

#include <regex>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::api {
namespace {

constexpr int64_t kMi = int64_t{1} << 20, kGi = int64_t{1} << 30;

TEST(Bytes, AreReadInDockersAndKubernetesUnits) {
  const std::pair<const char*, int64_t> kCases[] = {
      {"0", 0},
      {"5", 5},
      {"5b", 5},
      {"1k", 1024},
      {"512m", 512 * kMi},
      {"2g", 2 * kGi},
      {"2Gi", 2 * kGi},
      {"1.5g", kGi + kGi / 2},
      {"1Ki", 1024},
      {"1t", 1024 * kGi},
      {"0.5k", 512},
  };
  for (const auto& [text, bytes] : kCases) {
    ASSERT_TRUE(ParseBytes(text).ok()) << text;
    EXPECT_EQ(*ParseBytes(text), bytes) << text;
    EXPECT_EQ(*ParseBytes(PrintBytes(bytes)), bytes) << text;
  }
}

TEST(Bytes, WhatIsUnclearIsRefused) {
  for (const char* text :
       {"",         "g",    "2G",  "2M",    "2gb", "2 g", " 2g",        "-1",   "+1",
        "010",      "0x10", "1e3", "1_000", "2.g", ".5g", "1.0000001g", "0.3k", "99999999999999999999",
        "9000000t", "2g2",  "٢g"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
  EXPECT_EQ(ParseBytes("2G").status().message(), "is ambiguous: write 2g or 2Gi (1024 each)");
}

TEST(Cpus, AreReadInBillionths) {
  const std::pair<const char*, int64_t> kCases[] = {{"1", 1'000'000'000},
                                                    {"0.5", 500'000'000},
                                                    {"1500m", 1'500'000'000},
                                                    {"0.000000001", 1},
                                                    {"64", 64'000'000'000}};
  for (const auto& [text, nano] : kCases) {
    ASSERT_TRUE(ParseCpus(text).ok()) << text;
    EXPECT_EQ(*ParseCpus(text), nano);
    EXPECT_EQ(*ParseCpus(PrintCpus(nano)), nano);
  }
  EXPECT_EQ(PrintCpus(1'500'000'000), "1.5");
  for (const char* text :
       {"", "m", "-1", "01", "1e3", "1.5m", "1.", ".5", "1 ", "0.0000000001", "99999999999999999"})
    EXPECT_FALSE(ParseCpus(text).ok()) << text;
}

TEST(Durations, AreReadInUnitsOfFallingSize) {
  const std::pair<const char*, absl::Duration> kCases[] = {
      {"300s", absl::Seconds(300)},
      {"5m", absl::Minutes(5)},
      {"1h30m", absl::Minutes(90)},
      {"0s", absl::ZeroDuration()},
      {"250ms", absl::Milliseconds(250)},
      {"1m1ms", absl::Minutes(1) + absl::Milliseconds(1)},
      {"24h", absl::Hours(24)}};
  for (const auto& [text, duration] : kCases) {
    ASSERT_TRUE(ParseDuration(text).ok()) << text;
    EXPECT_EQ(*ParseDuration(text), duration) << text;
    EXPECT_EQ(*ParseDuration(PrintDuration(duration)), duration) << text;
  }
  EXPECT_EQ(PrintDuration(absl::Seconds(5400)), "1h30m");
  for (const char* text : {"", "300", "5", "m", "5M", "1.5h", "1d", "5m1h", "5m5m", "-5m", "05m", "1e3s",
                           "5 m", "9999999999h", "99999999999999999999s"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(Patterns, TakeWhatTheParsersTake) {
  const std::regex bytes(kBytesPattern), cpus(kCpusPattern), duration(kDurationPattern);
  for (const char* text :
       {"2g",   "2G",   "512Mi", "010",  "1e3",   "",      "5",  "1.5g", "2gb", "1500m", "0.5",
        "1.5m", "300s", "1h30m", "5m1h", "250ms", "1m1ms", "-1", "0s",   "01s", "24h"}) {
    EXPECT_EQ(std::regex_match(text, bytes), ParseBytes(text).ok()) << text;
    EXPECT_EQ(std::regex_match(text, cpus), ParseCpus(text).ok()) << text;
    EXPECT_EQ(std::regex_match(text, duration), ParseDuration(text).ok()) << text;
  }
}

}  // namespace
}  // namespace spacelet::api

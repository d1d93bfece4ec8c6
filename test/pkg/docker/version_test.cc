#include "pkg/docker/version.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::docker {
namespace {

TEST(ApiVersion, IsComparedByNumbers) {
  EXPECT_LT(*ParseApiVersion("1.9"), *ParseApiVersion("1.41"));
  EXPECT_EQ(FormatApiVersion({1, 41}), "1.41");
}

TEST(ApiVersion, GarbageIsNone) {
  for (const std::string text : {"", "1", "1.", ".41", "a.b", "1.41.2", "-1.2", "99999999999.1", "1.x"}) {
    EXPECT_FALSE(ParseApiVersion(text).has_value()) << text;
  }
}

struct Row {
  std::string max, want;  // want empty: nothing in common
};

TEST(Negotiate, TakesTheNewestThatBothSpeak) {
  const Row rows[] = {{"1.41", "1.41"}, {"1.44", "1.44"}, {"1.51", "1.51"},
                      {"1.55", "1.51"}, {"1.40", ""},     {"1.9", ""}};
  for (const Row& row : rows) {
    const auto version = Negotiate(*ParseApiVersion(row.max));
    EXPECT_EQ(version.ok() ? FormatApiVersion(*version) : "", row.want) << row.max;
    if (!version.ok()) {
      EXPECT_EQ(version.status().code(), absl::StatusCode::kFailedPrecondition);
    }
  }
}

TEST(Negotiate, SaysWhatBothSpeak) {
  EXPECT_EQ(
      Negotiate({1, 24}).status().message(),
      "UnsupportedApiVersion: the Docker engine speaks API 1.24 at most; this agent speaks 1.41 to 1.51");
  EXPECT_EQ(NothingInCommon("client version 1.51 is too old").message(),
            "UnsupportedApiVersion: client version 1.51 is too old; this agent speaks 1.41 to 1.51");
}

TEST(IsVersionMismatch, KnowsTheDaemonsText) {
  EXPECT_TRUE(
      IsVersionMismatch(400, "client version 1.41 is too old. Minimum supported API version is 1.44"));
  EXPECT_TRUE(
      IsVersionMismatch(400, "client version 1.51 is too new. Maximum supported API version is 1.41"));
  EXPECT_FALSE(IsVersionMismatch(400, "invalid reference format"));
  EXPECT_FALSE(IsVersionMismatch(404, "client version 1.41 is too old"));
}

}  // namespace
}  // namespace spacelet::docker

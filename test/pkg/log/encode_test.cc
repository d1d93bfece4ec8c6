#include "pkg/log/encode.h"

#include <gtest/gtest.h>

namespace spacelet::log {
namespace {

const absl::Time kAt = absl::FromUnixMillis(1'700'000'000'042);

std::string Value(const std::string& value, Format format) {
  const std::string line = EncodeLine(kAt, Level::kInfo, {{"k", value}}, format);
  const std::string head = format == Format::kLogfmt
                               ? "ts=2023-11-14T22:13:20.042Z level=info k="
                               : R"({"ts":"2023-11-14T22:13:20.042Z","level":"info","k":)";
  EXPECT_EQ(line.substr(0, head.size()), head);
  return line.substr(head.size());
}

TEST(EncodeLine, StartsWithTimeAndLevel) {
  EXPECT_EQ(EncodeLine(kAt, Level::kWarning, {{"msg", "image pulled"}, {"took", "3s"}}, Format::kLogfmt),
            "ts=2023-11-14T22:13:20.042Z level=warning msg=\"image pulled\" took=3s");
  EXPECT_EQ(EncodeLine(kAt, Level::kError, {{"msg", "image pulled"}, {"took", "3s"}}, Format::kJson),
            R"({"ts":"2023-11-14T22:13:20.042Z","level":"error","msg":"image pulled","took":"3s"})");
}

TEST(EncodeLine, EscapesWhatWouldBreakALineOrDeceiveItsReader) {
  const struct {
    std::string value, logfmt, json;
  } kCases[] = {
      {"plain", "plain", R"("plain"})"},
      {"größer", "größer", R"("größer"})"},
      {"", R"("")", R"(""})"},
      {"a b", R"("a b")", R"("a b"})"},
      {"a=b", R"("a=b")", R"("a=b"})"},
      {"say \"hi\"", R"("say \"hi\"")", R"("say \"hi\""})"},
      {"back\\slash", R"("back\\slash")", R"("back\\slash"})"},
      {"two\nlines\r\t", R"("two\nlines\r\t")", R"("two\nlines\r\t"})"},
      {"\x1b[31m", R"("\u001b[31m")", R"("\u001b[31m"})"},
      {std::string("\0", 1), R"("\u0000")", R"("\u0000"})"},
      {"\u202e", R"("\u202e")", R"("\u202e"})"},
      {"\xff", R"("\ufffd")", R"("\ufffd"})"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Value(c.value, Format::kLogfmt), c.logfmt);
    EXPECT_EQ(Value(c.value, Format::kJson), c.json);
  }
}

TEST(EncodeLine, CutsLongValuesOnly) {
  for (const Format format : {Format::kLogfmt, Format::kJson}) {
    const std::string line =
        EncodeLine(kAt, Level::kInfo,
                   {{"msg", "short message"}, {"error", std::string(100'000, '\n')}, {"z", "end"}}, format);
    EXPECT_LE(line.size(), kMaxLineBytes);
    EXPECT_GT(line.size(), kMaxLineBytes / 3);
    EXPECT_NE(line.find("short message"), std::string::npos);
    EXPECT_NE(line.find("\\n…\""), std::string::npos);
    EXPECT_NE(line.find("end"), std::string::npos);
  }
}

TEST(EncodeLine, AValueThatJustFitsIsWhole) {
  const std::string value(3900, 'x');
  EXPECT_EQ(Value(value, Format::kLogfmt), value);
}

TEST(WithDropped, AddsOneField) {
  EXPECT_EQ(WithDropped("msg=x", 3, Format::kLogfmt), "msg=x dropped=3");
  EXPECT_EQ(WithDropped(R"({"msg":"x"})", 3, Format::kJson), R"({"msg":"x","dropped":"3"})");
}

}  // namespace
}  // namespace spacelet::log

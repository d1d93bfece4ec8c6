#include "pkg/docker/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spacelet::docker {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> FeedInPiecesOf(size_t size, const std::string& text) {
  JsonStream stream;
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size(); at += size) {
    const absl::Status status = stream.Feed(text.substr(at, size), [&](absl::string_view object) {
      out.emplace_back(object);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_TRUE(stream.AtBoundary());
  return out;
}

TEST(JsonStream, IsCutIntoTheSameObjectsHoweverItArrives) {
  const std::string text = "{\"a\":\"}\\\"{\"}\r\n{\"b\":{\"c\":[{}]}}{}\n\n {\"d\":\"\\\\\"}";
  for (size_t size = 1; size <= text.size(); ++size) {
    EXPECT_THAT(FeedInPiecesOf(size, text),
                ElementsAre("{\"a\":\"}\\\"{\"}", "{\"b\":{\"c\":[{}]}}", "{}", "{\"d\":\"\\\\\"}"));
  }
}

TEST(JsonStream, KnowsThatAnObjectIsHalfRead) {
  JsonStream stream;
  const auto ignore = [](absl::string_view) { return absl::OkStatus(); };
  ASSERT_TRUE(stream.Feed("{\"a\"", ignore).ok());
  EXPECT_FALSE(stream.AtBoundary());
  ASSERT_TRUE(stream.Feed(":1}", ignore).ok());
  EXPECT_TRUE(stream.AtBoundary());
}

TEST(JsonStream, RefusesOtherThingsThanObjects) {
  for (const std::string text : {"<html>", "[]", "{}}", "null", "\x01"}) {
    JsonStream stream;
    EXPECT_EQ(stream.Feed(text, [](absl::string_view) { return absl::OkStatus(); }).code(),
              absl::StatusCode::kInternal)
        << text;
  }
}

TEST(JsonStream, CapsAnObject) {
  JsonStream stream;
  const auto ignore = [](absl::string_view) { return absl::OkStatus(); };
  EXPECT_EQ(stream.Feed("{\"a\":\"" + std::string(2 << 20, 'x'), ignore).code(),
            absl::StatusCode::kOutOfRange);
}

TEST(JsonStream, AnErrorOfTheTakerEndsTheFeeding) {
  JsonStream stream;
  int seen = 0;
  const auto status = stream.Feed("{}{}", [&](absl::string_view) {
    ++seen;
    return absl::AbortedError("enough");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace spacelet::docker

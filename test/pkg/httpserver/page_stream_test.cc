#include "pkg/httpserver/page_stream.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "test/pkg/report/sample_status.h"
#include "test/testing/fake_clock.h"

namespace spacelet::httpserver {
namespace {

class PageStreamTest : public ::testing::Test {
 protected:
  static nlohmann::json DataOf(absl::string_view message) {
    EXPECT_TRUE(absl::ConsumePrefix(&message, "data: ")) << message;
    EXPECT_TRUE(absl::ConsumeSuffix(&message, "\n\n")) << message;
    return nlohmann::json::parse(message);
  }
  void Change(const std::string& name) {
    status_.name = name;
    ++version_;
  }

  testing::FakeClock clock_;
  report::EventLog events_{clock_, nullptr};
  report::Status status_ = report::SampleStatus();
  uint64_t version_ = 1;
  int looks_ = 0;
  PageStreams streams_{{[] { return std::string(); }, [] { return std::vector<std::string>(); },
                        [this] {
                          ++looks_;
                          return status_;
                        },
                        [this] { return version_; }, &events_, &clock_}};
};

TEST_F(PageStreamTest, BeginsWithTheWholePage) {
  const http::ServerResponse answer = streams_.Open();
  EXPECT_EQ(answer.content_type, "text/event-stream");
  EXPECT_EQ(DataOf(answer.body)["content"].size(), 4u);
}

TEST_F(PageStreamTest, GoesOnWithWhatChangedAndIsElseSilent) {
  const http::ServerResponse answer = streams_.Open();
  EXPECT_EQ(answer.more(), "");
  Change("renamed");
  const nlohmann::json update = DataOf(*answer.more());
  EXPECT_EQ(update["title"], "Ready: renamed");
  EXPECT_EQ(update["content"][0][0], "section");
  EXPECT_EQ(update["content"][1], (nlohmann::json{{"same", "objects"}}));
  EXPECT_EQ(answer.more(), "");
}

TEST_F(PageStreamTest, AnEventIsAChange) {
  const http::ServerResponse answer = streams_.Open();
  events_.Record(report::Event::Type::kNormal, "host", "Accepted", "new");
  EXPECT_TRUE(absl::StrContains(*answer.more(), "Accepted"));
  EXPECT_EQ(answer.more(), "");
}

TEST_F(PageStreamTest, DoesNoWorkWhileNothingChanges) {
  const http::ServerResponse answer = streams_.Open();
  const int looks = looks_;
  for (int i = 0; i < 100; ++i) answer.more();
  EXPECT_EQ(looks_, looks);
}

TEST_F(PageStreamTest, ASilentStreamBeats) {
  const http::ServerResponse answer = streams_.Open();
  clock_.Advance(kBeatEvery - absl::Milliseconds(1));
  EXPECT_EQ(answer.more(), "");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(answer.more(), "event: beat\ndata: \n\n");
  EXPECT_EQ(answer.more(), "");
}

TEST_F(PageStreamTest, EachStreamKnowsWhatItWasSent) {
  const http::ServerResponse first = streams_.Open();
  Change("renamed");
  const http::ServerResponse second = streams_.Open();
  EXPECT_EQ(DataOf(second.body)["content"][1][0], "section");
  EXPECT_EQ(DataOf(*first.more())["content"][1], (nlohmann::json{{"same", "objects"}}));
  EXPECT_EQ(second.more(), "");
}

TEST_F(PageStreamTest, OneTooManyIsToldWhenToComeBackAndAPlaceThatIsFreeIsGivenAgain) {
  std::vector<http::ServerResponse> open;
  for (int i = 0; i < kMaxPageStreams; ++i) {
    open.push_back(streams_.Open());
    EXPECT_EQ(open.back().status, 200) << i;
  }
  const http::ServerResponse refused = streams_.Open();
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.more);
  EXPECT_EQ(refused.headers.at("Retry-After"), "30");
  open.pop_back();
  EXPECT_EQ(streams_.Open().status, 200);
}

}  // namespace
}  // namespace spacelet::httpserver

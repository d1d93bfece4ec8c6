#include "pkg/report/events.h"

#include <gtest/gtest.h>

#include <thread>

#include "test/testing/fake_clock.h"

namespace spacelet::report {
namespace {

using Type = Event::Type;

class EventsTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  EventLog log_{clock_, [](std::string text) { return text == "s3cret" ? std::string("***") : text; }, 3};
};

TEST_F(EventsTest, ARepetitionRaisesTheCountAndMovesToTheEnd) {
  log_.Record(Type::kNormal, "container/a", "Started", "again");
  log_.Record(Type::kNormal, "container/b", "Started", "again");
  clock_.Advance(absl::Seconds(5));
  log_.Record(Type::kNormal, "container/a", "Started", "again");
  const auto events = log_.Since(0);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].object, "container/a");
  EXPECT_EQ(events[1].count, 2);
  EXPECT_EQ(events[1].time, clock_.Now());
  EXPECT_EQ(events[1].sequence, 3u);
}

TEST_F(EventsTest, TheOldestGivesWayWhenTheRingIsFull) {
  for (const char* reason : {"A", "B", "C", "D"}) log_.Record(Type::kNormal, "o", reason, "");
  const auto events = log_.Since(0);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events.front().reason, "B");
}

TEST_F(EventsTest, SinceGivesOnlyWhatCameAfter) {
  log_.Record(Type::kNormal, "o", "A", "");
  const uint64_t last = log_.Since(0).back().sequence;
  log_.Record(Type::kWarning, "o", "B", "");
  ASSERT_EQ(log_.Since(last).size(), 1u);
  EXPECT_EQ(log_.Since(last)[0].reason, "B");
}

TEST_F(EventsTest, TextIsRedactedAndMadeOneLineWhereItEnters) {
  log_.Record(Type::kNormal, "o", "A", "s3cret");
  log_.Record(Type::kNormal, "o", "B", "two\nlines");
  EXPECT_EQ(log_.Since(0)[0].message, "***");
  EXPECT_EQ(log_.Since(0)[1].message.find('\n'), std::string::npos);
}

TEST_F(EventsTest, CarriesTheRevisionInForce) {
  log_.SetRevision("sha256:1");
  log_.Record(Type::kNormal, "o", "A", "");
  EXPECT_EQ(log_.Since(0)[0].revision, "sha256:1");
}

TEST_F(EventsTest, AFollowerIsWokenByARecord) {
  std::vector<Event> got;
  std::jthread follower([&] { got = log_.WaitSince(0, base::InfiniteFuture(), {}); });
  clock_.WaitForWaiters(1);
  log_.Record(Type::kNormal, "o", "A", "");
  follower.join();
  EXPECT_EQ(got.size(), 1u);
}

TEST_F(EventsTest, AFollowerEndsAtItsDeadlineAndAtStop) {
  std::stop_source stop;
  std::jthread waits(
      [&] { EXPECT_TRUE(log_.WaitSince(0, clock_.Monotonic() + absl::Seconds(1), {}).empty()); });
  std::jthread stopped(
      [&] { EXPECT_TRUE(log_.WaitSince(0, base::InfiniteFuture(), stop.get_token()).empty()); });
  clock_.WaitForWaiters(2);
  stop.request_stop();
  stopped.join();
  clock_.Advance(absl::Seconds(2));
}

TEST(EventJson, IsOneLineAndComesBack) {
  const Event event{.sequence = 0,
                    .time = absl::FromUnixSeconds(1'700'000'000),
                    .object = "container/vm-runner",
                    .type = Type::kWarning,
                    .reason = "PortInUse",
                    .message = "3000 \"taken\"",
                    .count = 2,
                    .revision = "sha256:1"};
  const std::string line = ToJson(event);
  EXPECT_EQ(
      line,
      R"({"time":"2023-11-14T22:13:20Z","object":"container/vm-runner","type":"Warning","reason":"PortInUse",)"
      R"("message":"3000 \"taken\"","count":2,"revision":"sha256:1"})");
  const auto back = EventFromJson(line);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, event);
  EXPECT_FALSE(EventFromJson("[]").ok());
  EXPECT_FALSE(EventFromJson("{").ok());
}

}  // namespace
}  // namespace spacelet::report

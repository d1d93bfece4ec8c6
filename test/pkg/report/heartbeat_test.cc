#include "pkg/report/heartbeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/fake_clock.h"

namespace spacelet::report {
namespace {

TEST(Heartbeats, ALoopIsLateOnceItsAnnouncedTimeIsOver) {
  testing::FakeClock clock;
  Heartbeats beats(clock);
  beats.Expect("resync", absl::Seconds(60));
  beats.Expect("events", absl::Seconds(10));
  EXPECT_TRUE(beats.Late().empty());
  clock.Advance(absl::Seconds(11));
  EXPECT_THAT(beats.Late(), ::testing::ElementsAre("events"));
  beats.Expect("events", absl::Seconds(10));
  EXPECT_TRUE(beats.Late().empty());
}

TEST(Heartbeats, NothingIsExpectedOfALoopThatRests) {
  testing::FakeClock clock;
  Heartbeats beats(clock);
  beats.Expect("worker-1", absl::Seconds(1));
  beats.Rest("worker-1");
  clock.Advance(absl::Hours(1));
  EXPECT_TRUE(beats.Late().empty());
}

}  // namespace
}  // namespace spacelet::report

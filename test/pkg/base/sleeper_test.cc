#include "pkg/base/sleeper.h"

#include <gtest/gtest.h>

#include <thread>

namespace spacelet::base {
namespace {

TEST(Sleeper, AWakeThatCameBeforeIsNotLost) {
  Sleeper sleeper(RealClock());
  sleeper.Wake();
  EXPECT_TRUE(sleeper.Sleep(absl::Hours(1), {}));
}

TEST(Sleeper, AStopEndsIt) {
  Sleeper sleeper(RealClock());
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(sleeper.Sleep(absl::Hours(1), stop.get_token()));
  stopper.join();
  sleeper.Wake();
  EXPECT_FALSE(sleeper.Sleep(absl::Hours(1), stop.get_token()));
}

TEST(Jittered, StaysWithinATenth) {
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration jittered = Jittered(absl::Seconds(10));
    EXPECT_GE(jittered, absl::Seconds(9));
    EXPECT_LE(jittered, absl::Seconds(11));
  }
}

}  // namespace
}  // namespace spacelet::base

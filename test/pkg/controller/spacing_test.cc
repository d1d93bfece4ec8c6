#include "pkg/controller/spacing.h"

#include <gtest/gtest.h>

namespace spacelet::controller {
namespace {

// A tug of war: more than 5 times in 10 minutes, then 30 s doubling to 10 min.
class SpacingTest : public ::testing::Test {
 protected:
  void RecordTimes(int times, absl::Duration apart) {
    for (int i = 0; i < times; ++i) {
      spacing_.Record("memory", now_);
      now_ = now_ + apart;
    }
  }
  absl::Duration Remaining() const { return spacing_.Remaining("memory", now_); }

  Spacing spacing_{SpacingLimits{}};
  base::Instant now_{absl::Hours(1)};
};

TEST_F(SpacingTest, TheFirstFiveAreFree) {
  RecordTimes(5, absl::Seconds(1));
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
}

TEST_F(SpacingTest, TheSixthWithinTheWindowBeginsTheSpacing) {
  RecordTimes(6, absl::ZeroDuration());
  EXPECT_EQ(Remaining(), absl::Seconds(30));
  EXPECT_EQ(spacing_.Count("memory", now_), 6);
  now_ = now_ + absl::Seconds(30);
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
}

TEST_F(SpacingTest, EachFurtherOneDoublesUpToTheLongest) {
  RecordTimes(6, absl::ZeroDuration());
  for (const absl::Duration expected : {absl::Seconds(60), absl::Seconds(120), absl::Seconds(240),
                                        absl::Seconds(480), absl::Minutes(10), absl::Minutes(10)}) {
    now_ = now_ + Remaining();
    spacing_.Record("memory", now_);
    EXPECT_EQ(Remaining(), expected);
  }
}

TEST_F(SpacingTest, AQuietWindowEndsIt) {
  RecordTimes(8, absl::ZeroDuration());
  now_ = now_ + absl::Hours(1);
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
  RecordTimes(5, absl::Seconds(1));
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
}

TEST_F(SpacingTest, SlowChangesAreNeverSpaced) {
  RecordTimes(50, absl::Minutes(3));
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
}

TEST_F(SpacingTest, OneThingDoesNotSpaceAnother) {
  RecordTimes(9, absl::ZeroDuration());
  EXPECT_EQ(spacing_.Remaining("cpus", now_), absl::ZeroDuration());
  spacing_.ForgetPrefix("mem");
  EXPECT_EQ(Remaining(), absl::ZeroDuration());
}

}  // namespace
}  // namespace spacelet::controller

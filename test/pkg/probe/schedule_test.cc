#include "pkg/probe/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace spacelet::probe {
namespace {

constexpr base::Instant kStart{absl::Hours(1)};

api::Probe ProbeOf(int period, int failures = 3, int successes = 1) {
  api::Probe probe;
  probe.handler = api::Probe::TcpSocket{80};
  probe.period_seconds = period;
  probe.failure_threshold = failures;
  probe.success_threshold = successes;
  return probe;
}

Target TargetOf(std::optional<api::Probe> startup, std::optional<api::Probe> readiness) {
  Target target;
  target.name = "web";
  target.startup = std::move(startup);
  target.readiness = std::move(readiness);
  return target;
}

TEST(Schedule, WithoutProbesATargetIsReadyAtOnceAndNeverAsked) {
  const Schedule schedule(TargetOf({}, {}), kStart);
  EXPECT_TRUE(schedule.ready());
  EXPECT_EQ(schedule.probe(), nullptr);
  EXPECT_EQ(schedule.due(), base::InfiniteFuture());
}

TEST(Schedule, UntilFirstReadyTheIntervalGrowsFromAHundredMillisecondsToThePeriod) {
  Schedule schedule(TargetOf({}, ProbeOf(1)), kStart);
  EXPECT_EQ(schedule.due(), kStart);
  std::vector<absl::Duration> intervals;
  for (int i = 0; i < 8; ++i) {
    const base::Instant now = schedule.due();
    EXPECT_FALSE(schedule.Record(false, now));
    intervals.push_back(schedule.due() - now);
  }
  EXPECT_EQ(intervals[0], absl::Milliseconds(100));
  EXPECT_EQ(intervals[1], absl::Milliseconds(150));
  EXPECT_EQ(intervals[2], absl::Milliseconds(225));
  EXPECT_EQ(intervals.back(), absl::Seconds(1));
}

TEST(Schedule, OnceReadyThePeriodRulesAlsoAfterFailures) {
  Schedule schedule(TargetOf({}, ProbeOf(10)), kStart);
  EXPECT_TRUE(schedule.Record(true, kStart));
  EXPECT_EQ(schedule.due(), kStart + absl::Seconds(10));
  schedule.Record(false, kStart + absl::Seconds(10));
  EXPECT_EQ(schedule.due(), kStart + absl::Seconds(20));
}

TEST(Schedule, ReadinessFallsAtTheFailureThresholdAndASuccessStartsTheCountAfresh) {
  Schedule schedule(TargetOf({}, ProbeOf(10, 3)), kStart);
  schedule.Record(true, kStart);
  EXPECT_FALSE(schedule.Record(false, kStart));
  EXPECT_FALSE(schedule.Record(false, kStart));
  EXPECT_FALSE(schedule.Record(true, kStart));
  EXPECT_FALSE(schedule.Record(false, kStart));
  EXPECT_FALSE(schedule.Record(false, kStart));
  EXPECT_TRUE(schedule.Record(false, kStart));
  EXPECT_FALSE(schedule.ready());
}

TEST(Schedule, ReadinessNeedsAsManySuccessesInARowAsTheThresholdSays) {
  Schedule schedule(TargetOf({}, ProbeOf(10, 3, 2)), kStart);
  EXPECT_FALSE(schedule.Record(true, kStart));
  EXPECT_FALSE(schedule.Record(false, kStart));
  EXPECT_FALSE(schedule.Record(true, kStart));
  EXPECT_TRUE(schedule.Record(true, kStart));
}

TEST(Schedule, TheStartupProbeGoesFirst) {
  Schedule schedule(TargetOf(ProbeOf(5), ProbeOf(7)), kStart);
  EXPECT_EQ(schedule.probe()->period_seconds, 5);
  for (int i = 0; i < 10; ++i) schedule.Record(false, kStart);
  EXPECT_EQ(schedule.probe()->period_seconds, 5);
  EXPECT_FALSE(schedule.Record(true, kStart));
  EXPECT_EQ(schedule.probe()->period_seconds, 7);
  EXPECT_EQ(schedule.due(), kStart);
  EXPECT_TRUE(schedule.Record(true, kStart));
}

TEST(Schedule, AStartupProbeAloneMakesReady) {
  Schedule schedule(TargetOf(ProbeOf(5), {}), kStart);
  EXPECT_FALSE(schedule.ready());
  EXPECT_TRUE(schedule.Record(true, kStart));
  EXPECT_EQ(schedule.due(), base::InfiniteFuture());
}

TEST(Schedule, TheInitialDelayHoldsBackTheFirstQuestion) {
  api::Probe probe = ProbeOf(10);
  probe.initial_delay_seconds = 30;
  EXPECT_EQ(Schedule(TargetOf({}, probe), kStart).due(), kStart + absl::Seconds(30));
}

}  // namespace
}  // namespace spacelet::probe

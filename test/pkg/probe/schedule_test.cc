#include "pkg/probe/schedule.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace spacelet::probe {
namespace {

constexpr base::Instant kStart{absl::Hours(1)};
constexpr bool kGood = true, kBad = false;

api::Probe ProbeOf(int period, int failures = 3, int successes = 1) {
  api::Probe probe;
  probe.handler = api::Probe::TcpSocket{80};
  probe.period_seconds = period;
  probe.failure_threshold = failures;
  probe.success_threshold = successes;
  return probe;
}

struct Probes {
  std::optional<api::Probe> startup = std::nullopt, readiness = std::nullopt, liveness = std::nullopt;
};

Schedule ScheduleOf(Probes probes, base::Instant now = kStart) {
  Target target;
  target.startup = std::move(probes.startup);
  target.readiness = std::move(probes.readiness);
  target.liveness = std::move(probes.liveness);
  return Schedule(target, kStart, now);
}

// Answers the next question when it is due. Returns that time.
base::Instant Answer(Schedule& schedule, bool good) {
  const Schedule::Due due = *schedule.Next();
  schedule.Record(due.question, good ? absl::OkStatus() : absl::UnavailableError("refused"), due.at);
  return due.at;
}
Question NextQuestion(const Schedule& schedule) { return schedule.Next()->question; }
absl::Duration NextIn(const Schedule& schedule) { return schedule.Next()->at - kStart; }

TEST(Schedule, WithoutProbesATargetIsReadyAtOnceAndNeverAsked) {
  const Schedule schedule = ScheduleOf({});
  EXPECT_TRUE(schedule.ready());
  EXPECT_EQ(schedule.why_not_ready(), "");
  EXPECT_EQ(schedule.unalive(), "");
  EXPECT_FALSE(schedule.Next().has_value());
}

TEST(Schedule, UntilFirstReadyTheIntervalGrowsFromAHundredMillisecondsToThePeriod) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(1)});
  EXPECT_EQ(NextIn(schedule), absl::ZeroDuration());
  std::vector<absl::Duration> intervals;
  for (int i = 0; i < 8; ++i) {
    const base::Instant now = Answer(schedule, kBad);
    EXPECT_FALSE(schedule.ready());
    intervals.push_back(schedule.Next()->at - now);
  }
  EXPECT_EQ(intervals[0], absl::Milliseconds(100));
  EXPECT_EQ(intervals[1], absl::Milliseconds(150));
  EXPECT_EQ(intervals[2], absl::Milliseconds(225));
  EXPECT_EQ(intervals.back(), absl::Seconds(1));
}

TEST(Schedule, OnceReadyThePeriodRulesAlsoAfterFailures) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(10)});
  Answer(schedule, kGood);
  EXPECT_EQ(NextIn(schedule), absl::Seconds(10));
  Answer(schedule, kBad);
  EXPECT_EQ(NextIn(schedule), absl::Seconds(20));
}

// Thresholds of a readiness probe: what it says after each answer.
TEST(Schedule, ReadinessFollowsItsThresholds) {
  struct Case {
    const char* name;
    int failures, successes;
    std::vector<std::pair<bool, bool>> answers;  // answer, ready after it
  };
  const Case cases[] = {
      {"the third failure in a row", 3, 1, {{1, 1}, {0, 1}, {0, 1}, {0, 0}}},
      {"a success starts the count afresh", 3, 1, {{1, 1}, {0, 1}, {0, 1}, {1, 1}, {0, 1}, {0, 1}, {0, 0}}},
      {"two successes in a row", 3, 2, {{1, 0}, {0, 0}, {1, 0}, {1, 1}}},
      {"back after a fall", 1, 2, {{1, 0}, {1, 1}, {0, 0}, {1, 0}, {1, 1}}},
      {"a threshold of one", 1, 1, {{1, 1}, {0, 0}, {1, 1}}},
  };
  for (const Case& c : cases) {
    Schedule schedule = ScheduleOf({.readiness = ProbeOf(10, c.failures, c.successes)});
    for (const auto& [answer, ready] : c.answers) {
      Answer(schedule, answer);
      EXPECT_EQ(schedule.ready(), ready) << c.name;
    }
    EXPECT_EQ(schedule.unalive(), "") << c.name;
  }
}

TEST(Schedule, SaysWhyItIsNotReady) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(10)});
  EXPECT_EQ(schedule.why_not_ready(), "not probed yet");
  Answer(schedule, kBad);
  EXPECT_EQ(schedule.why_not_ready(), "refused");
  Answer(schedule, kGood);
  EXPECT_EQ(schedule.why_not_ready(), "");
}

TEST(Schedule, TheStartupProbeHoldsBackReadinessAndLiveness) {
  Schedule schedule = ScheduleOf({ProbeOf(5, 100), ProbeOf(7), ProbeOf(9)});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(NextQuestion(schedule), Question::kStartup);
    Answer(schedule, kBad);
    EXPECT_FALSE(schedule.ready());
  }
  const base::Instant started = Answer(schedule, kGood);
  EXPECT_FALSE(schedule.ready());
  EXPECT_EQ(schedule.Next()->at, started);
  EXPECT_EQ(NextQuestion(schedule), Question::kReadiness);
  Answer(schedule, kGood);
  EXPECT_TRUE(schedule.ready());
  EXPECT_EQ(schedule.Next()->at, started);
  EXPECT_EQ(NextQuestion(schedule), Question::kLiveness);
}

TEST(Schedule, AStartupProbeAloneMakesReadyAndIsNotAskedAgain) {
  Schedule schedule = ScheduleOf({.startup = ProbeOf(5)});
  EXPECT_FALSE(schedule.ready());
  Answer(schedule, kGood);
  EXPECT_TRUE(schedule.ready());
  EXPECT_FALSE(schedule.Next().has_value());
}

// The fast attempts of the beginning do not use up failureThreshold × periodSeconds.
TEST(Schedule, AStartupProbeGivesUpAfterItsThresholdOfPeriods) {
  Schedule schedule = ScheduleOf({.startup = ProbeOf(10, 3)});
  base::Instant now = kStart;
  int attempts = 0;
  for (; schedule.unalive().empty(); ++attempts) now = Answer(schedule, kBad);
  EXPECT_EQ(schedule.unalive(), "startup probe failed: refused");
  EXPECT_GE(now - kStart, absl::Seconds(20));
  EXPECT_LT(now - kStart, absl::Seconds(30));
  EXPECT_GT(attempts, 3);
}

TEST(Schedule, AStartupThatSucceedsAfterAllIsAlive) {
  Schedule schedule = ScheduleOf({.startup = ProbeOf(1, 1)});
  Answer(schedule, kBad);
  EXPECT_NE(schedule.unalive(), "");
  Answer(schedule, kGood);
  EXPECT_EQ(schedule.unalive(), "");
  EXPECT_TRUE(schedule.ready());
}

TEST(Schedule, LivenessGivesUpAtItsThresholdAndKeepsToItsPeriodFromTheStart) {
  Schedule schedule = ScheduleOf({.liveness = ProbeOf(10, 3)});
  EXPECT_TRUE(schedule.ready());
  EXPECT_EQ(Answer(schedule, kBad), kStart);
  EXPECT_EQ(Answer(schedule, kBad), kStart + absl::Seconds(10));
  EXPECT_EQ(schedule.unalive(), "");
  EXPECT_EQ(Answer(schedule, kBad), kStart + absl::Seconds(20));
  EXPECT_EQ(schedule.unalive(), "liveness probe failed: refused");
  EXPECT_TRUE(schedule.ready()) << "liveness is no readiness";
}

TEST(Schedule, ASuccessStartsTheLivenessCountAfresh) {
  Schedule schedule = ScheduleOf({.liveness = ProbeOf(10, 2)});
  for (const bool answer : {kBad, kGood, kBad}) Answer(schedule, answer);
  EXPECT_EQ(schedule.unalive(), "");
  Answer(schedule, kBad);
  EXPECT_NE(schedule.unalive(), "");
}

TEST(Schedule, WhoRecoversBeforeItIsRestartedIsAlive) {
  Schedule schedule = ScheduleOf({.liveness = ProbeOf(10, 1)});
  Answer(schedule, kBad);
  EXPECT_NE(schedule.unalive(), "");
  Answer(schedule, kGood);
  EXPECT_EQ(schedule.unalive(), "");
}

// Docker does not answer, say: nobody is ready or dead because of that.
TEST(Schedule, WhatCouldNotBeAskedCountsForNothing) {
  const absl::Status unknown = absl::UnknownError("could not be asked: the daemon hangs");
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(1, 1), .liveness = ProbeOf(1, 2)});
  Answer(schedule, kGood);
  Answer(schedule, kBad);  // liveness: one of two
  for (int i = 0; i < 20; ++i) schedule.Record(schedule.Next()->question, unknown, schedule.Next()->at);
  EXPECT_TRUE(schedule.ready());
  EXPECT_EQ(schedule.unalive(), "");
  Schedule starting = ScheduleOf({.startup = ProbeOf(1, 3)});
  Answer(starting, kBad);
  for (int i = 0; i < 20; ++i) starting.Record(Question::kStartup, unknown, starting.Next()->at);
  EXPECT_EQ(starting.unalive(), "");
  EXPECT_EQ(starting.why_not_ready(), "could not be asked: the daemon hangs");
}

// No address, or a health check of Docker's that is still starting: not ready, but not dead either.
TEST(Schedule, WhoCannotAnswerIsNotReadyAndNotRestarted) {
  const absl::Status cannot = absl::FailedPreconditionError("the container has no address yet");
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(1, 2), .liveness = ProbeOf(1, 2)});
  Answer(schedule, kGood);
  for (int i = 0; i < 20; ++i) schedule.Record(schedule.Next()->question, cannot, schedule.Next()->at);
  EXPECT_FALSE(schedule.ready());
  EXPECT_EQ(schedule.unalive(), "");
}

TEST(Schedule, ReadinessFailuresDoNotKill) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(1, 1)});
  for (int i = 0; i < 100; ++i) Answer(schedule, kBad);
  EXPECT_EQ(schedule.unalive(), "");
}

TEST(Schedule, ReadinessAndLivenessTakeTurnsByWhatIsDue) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(2), .liveness = ProbeOf(5)});
  std::vector<Question> asked;
  for (int i = 0; i < 7; ++i) {
    asked.push_back(NextQuestion(schedule));
    Answer(schedule, kGood);
  }
  using enum Question;
  EXPECT_EQ(asked, (std::vector<Question>{kReadiness, kLiveness, kReadiness, kReadiness, kLiveness,
                                          kReadiness, kReadiness}));
  EXPECT_EQ(NextIn(schedule), absl::Seconds(10));
}

TEST(Schedule, TheInitialDelayCountsFromTheStartOfTheContainer) {
  api::Probe probe = ProbeOf(10);
  probe.initial_delay_seconds = 30;
  EXPECT_EQ(NextIn(ScheduleOf({.readiness = probe})), absl::Seconds(30));
  EXPECT_EQ(NextIn(ScheduleOf({.readiness = probe}, kStart + absl::Seconds(20))), absl::Seconds(30));
  EXPECT_EQ(NextIn(ScheduleOf({.readiness = probe}, kStart + absl::Hours(1))), absl::Hours(1));
}

TEST(Schedule, ANewAddressIsAskedAtOnceButNotBeforeTheInitialDelay) {
  Schedule schedule = ScheduleOf({.readiness = ProbeOf(10)});
  Answer(schedule, kGood);
  schedule.AskAgain(kStart + absl::Seconds(3));
  EXPECT_EQ(NextIn(schedule), absl::Seconds(3));
  EXPECT_TRUE(schedule.ready());
  api::Probe probe = ProbeOf(10);
  probe.initial_delay_seconds = 30;
  Schedule delayed = ScheduleOf({.readiness = probe});
  delayed.AskAgain(kStart + absl::Seconds(3));
  EXPECT_EQ(NextIn(delayed), absl::Seconds(30));
}

}  // namespace
}  // namespace spacelet::probe

#include "pkg/controller/crash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::controller {
namespace {

docker::Container Ended(int exit_code, int64_t restarts = 0) {
  docker::Container container;
  container.status = docker::ContainerStatus::kRestarting;
  container.exit_code = exit_code;
  container.restart_count = restarts;
  return container;
}

TEST(Crash, AKilledRunnerMayLeaveVmsBehind) {
  docker::Container container = Ended(137);
  container.hostname = "vm-runner";
  EXPECT_THAT(CrashMessage("web", container, {}), ::testing::Not(::testing::HasSubstr("orphaned")));
  EXPECT_THAT(CrashMessage("runner", container, {}),
              ::testing::AllOf(::testing::HasSubstr("orphaned"), ::testing::HasSubstr("called vm-runner-…")));
  container.exit_code = 1;
  EXPECT_EQ(CrashMessage("runner", container, {}), "exited with code 1");
}

TEST(Crash, TellsTheExitCodeAndHowOften) {
  EXPECT_EQ(CrashMessage("web", Ended(3), {}), "exited with code 3");
  EXPECT_EQ(CrashMessage("web", Ended(3, 1), {}), "exited with code 3, restarted once");
  EXPECT_EQ(CrashMessage("web", Ended(3, 7), {}), "exited with code 3, restarted 7 times");
  docker::Container running = Ended(0, 7);
  running.status = docker::ContainerStatus::kRunning;
  EXPECT_EQ(CrashMessage("web", running, {"bye"}),
            "ended and was started again 7 times; last log lines: bye");
}

TEST(Crash, QuotesTheLastLinesAndSaysWhatToDoForKnownOnes) {
  EXPECT_EQ(CrashMessage("runner", Ended(1), {"starting", "level=fatal msg=\"unable to parse pool file\""}),
            "exited with code 1; last log lines: starting | level=fatal msg=\"unable to parse pool file\"; "
            "the runner cannot read its pool file: check `runner.pool` (spacelet validate)");
}

TEST(Crash, ALineThatToldIsQuotedHoweverLongTheStackTraceAfterIt) {
  std::vector<std::string> lines = {"starting", "java.lang.OutOfMemoryError: Java heap space"};
  for (int i = 1; i <= 9; ++i) lines.push_back("at Some.java:" + std::to_string(i));
  EXPECT_THAT(QuoteLog("delegate", 1, lines),
              testing::StartsWith("last log lines: java.lang.OutOfMemoryError: Java heap space | … | at "
                                  "Some.java:5 | at Some.java:6 | "));
  EXPECT_THAT(QuoteLog("delegate", 1, lines), testing::HasSubstr("Some.java:9; the delegate's heap"));
}

TEST(Crash, LongLinesAreCut) { EXPECT_LT(QuoteLog("web", 1, {std::string(4096, 'x')}).size(), 350u); }

TEST(Crash, NamesTheOutOfMemoryKillerAndNoOther) {
  docker::Container container = Ended(137);
  EXPECT_THAT(CrashMessage("web", container, {}), testing::HasSubstr("it was killed"));
  container.oom_killed = true;
  EXPECT_EQ(CrashMessage("web", container, {}),
            "exited with code 137, out of memory (raise resources.memory)");
}

TEST(Crash, DockersBackOffTellsALoopUntilTheContainerHasSettled) {
  const absl::Time start = absl::FromUnixSeconds(100);
  docker::Container container = Ended(0, 3);
  container.status = docker::ContainerStatus::kRunning;
  container.started_at = start;
  container.finished_at = start - absl::Milliseconds(400);
  EXPECT_EQ(SettlesIn(container, absl::Seconds(1)), absl::Seconds(9));
  EXPECT_EQ(SettlesIn(container, absl::Seconds(11)), absl::ZeroDuration());
  container.finished_at = start - absl::Milliseconds(210);  // the second
  EXPECT_EQ(SettlesIn(container, absl::Seconds(1)), absl::ZeroDuration());
  container.finished_at = start - absl::Hours(1);  // stopped and started by hand: no restart of Docker's
  container.restart_count = 0;
  EXPECT_EQ(SettlesIn(container, absl::Seconds(1)), absl::ZeroDuration());
}

TEST(Crash, AContainerThatRanTenSecondsHasNotEndedEarly) {
  docker::Container container;
  container.status = docker::ContainerStatus::kExited;
  container.started_ever = true;
  container.started_at = absl::FromUnixSeconds(100);
  container.finished_at = absl::FromUnixSeconds(103);
  EXPECT_TRUE(EndedEarly(container));
  container.finished_at = absl::FromUnixSeconds(110);
  EXPECT_FALSE(EndedEarly(container));
  container.finished_at = absl::FromUnixSeconds(101);
  container.status = docker::ContainerStatus::kRunning;
  EXPECT_FALSE(EndedEarly(container));
}

}  // namespace
}  // namespace spacelet::controller

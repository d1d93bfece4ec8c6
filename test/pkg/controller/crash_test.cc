#include "pkg/controller/crash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/labels.h"

namespace spacelet::controller {
namespace {

TEST(Crash, QuotesTheLastLinesAndSaysWhatToDoForKnownOnes) {
  docker::Container container;
  container.exit_code = 1;
  EXPECT_EQ(CrashMessage(container, {}), "exited with code 1");
  EXPECT_EQ(CrashMessage(container, {"starting", "level=fatal msg=\"unable to parse pool file\""}),
            "exited with code 1; last log lines: starting | level=fatal msg=\"unable to parse pool file\"; "
            "the runner "
            "cannot read its pool file: check `runner.pool` (spacelet validate)");
}

TEST(Crash, AKilledRunnerMayLeaveVmsBehind) {
  docker::Container container;
  container.exit_code = 137;
  container.hostname = "vm-runner";
  EXPECT_EQ(CrashMessage(container, {}), "exited with code 137");
  container.labels = {{api::kLabelManaged, "true"}, {api::kLabelComponent, "runner"}};
  EXPECT_THAT(CrashMessage(container, {}),
              ::testing::AllOf(::testing::HasSubstr("orphaned"), ::testing::HasSubstr("called vm-runner-…")));
  container.exit_code = 1;
  EXPECT_EQ(CrashMessage(container, {}), "exited with code 1");
}

TEST(Crash, NamesTheOutOfMemoryKiller) {
  docker::Container container;
  container.exit_code = 137;
  container.oom_killed = true;
  EXPECT_NE(CrashMessage(container, {}).find("resources.memory"), std::string::npos);
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

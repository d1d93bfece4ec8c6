#include "pkg/report/boot_to_ready.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "pkg/api/reasons.h"
#include "test/pkg/report/sample_status.h"
#include "test/testing/fake_clock.h"
#include "test/testing/temporary.h"

namespace spacelet::report {
namespace {

using ::testing::HasSubstr;

class BootToReadyTest : public ::testing::Test {
 protected:
  BootToReadyTest() : path_(testing::TemporaryPath("boot-to-ready")) { std::remove(path_.c_str()); }
  ~BootToReadyTest() override { std::remove(path_.c_str()); }

  // An agent that starts now.
  BootToReady Agent() {
    return {path_, [this] { return boot_; }};
  }
  void At(absl::Duration since_boot) { boot_.since = since_boot; }

  std::string path_;
  Boot boot_ = {"boot-1", absl::Seconds(20)};
};

TEST_F(BootToReadyTest, CountsFromTheKernelsBootToTheFirstTimeReady) {
  BootToReady agent = Agent();
  EXPECT_EQ(agent.Start(), std::nullopt);
  At(absl::Milliseconds(42'125));
  EXPECT_EQ(agent.Ready(), absl::Milliseconds(42'125));
  At(absl::Seconds(300));
  EXPECT_EQ(agent.Ready(), absl::Milliseconds(42'125));
}

TEST_F(BootToReadyTest, ARestartOrAnUpgradeOfTheAgentDoesNotChangeIt) {
  BootToReady first = Agent();
  first.Start();
  At(absl::Seconds(42));
  first.Ready();
  At(absl::Hours(300));
  EXPECT_EQ(Agent().Start(), absl::Seconds(42));
}

TEST_F(BootToReadyTest, ARestartBeforeTheHostWasReadyGoesOnCounting) {
  Agent().Start();
  At(absl::Hours(1));  // the image took so long
  BootToReady second = Agent();
  EXPECT_EQ(second.Start(), std::nullopt);
  EXPECT_EQ(second.Ready(), absl::Hours(1));
}

TEST_F(BootToReadyTest, AnAgentThatWasInstalledLongAfterTheBootMeasuresNothing) {
  At(BootToReady::kFirstStartWithin + absl::Seconds(1));
  BootToReady agent = Agent();
  EXPECT_EQ(agent.Start(), std::nullopt);
  EXPECT_EQ(agent.Ready(), std::nullopt);
  BootToReady successor = Agent();
  EXPECT_EQ(successor.Start(), std::nullopt);
  EXPECT_EQ(successor.Ready(), std::nullopt);
}

TEST_F(BootToReadyTest, ARecordOfAnotherBootIsNotBelieved) {
  BootToReady before = Agent();
  before.Start();
  At(absl::Seconds(42));
  before.Ready();
  boot_ = {"boot-2", absl::Minutes(10)};
  EXPECT_EQ(Agent().Start(), std::nullopt);
}

TEST_F(BootToReadyTest, WhereTheKernelsIdIsHiddenARecordFromTheFutureIsOfAnotherBoot) {
  boot_.id = "";
  BootToReady before = Agent();
  before.Start();
  At(absl::Seconds(42));
  before.Ready();
  At(absl::Seconds(41));
  EXPECT_EQ(Agent().Start(), std::nullopt);
}

TEST_F(BootToReadyTest, AnythingElseInTheFileIsNoRecord) {
  for (const char* text : {"", "\n", "boot-1\n", "boot-1\nx\n1\n", "boot-1\n-5\n1\n", "\xff\xfe\n\n\n"}) {
    std::ofstream(path_) << text;
    EXPECT_EQ(Agent().Start(), std::nullopt) << text;
  }
}

TEST_F(BootToReadyTest, ADirectoryThatCannotBeWrittenCostsOnlyTheMemory) {
  BootToReady agent("/proc/no/such/boot-to-ready", [this] { return boot_; });
  EXPECT_EQ(agent.Start(), std::nullopt);
  At(absl::Seconds(42));
  EXPECT_EQ(agent.Ready(), absl::Seconds(42));
}

TEST_F(BootToReadyTest, TheMetricIsSetWhenTheBoardSaysReady) {
  testing::FakeClock clock;
  StatusBoard board(clock, nullptr, "0.1.0");
  Metrics metrics(clock, "0.1.0", "abc");
  BootToReady boot = Agent();
  std::jthread watch([&](const std::stop_token& stop) { WatchBootToReady(boot, board, metrics, stop); });
  clock.WaitForWaiters(1);
  EXPECT_THAT(metrics.Render(), HasSubstr("spacelet_boot_to_ready_seconds 0\n"));
  At(absl::Seconds(42));
  const Status sample = SampleStatus();
  board.UpdateConfig([&](ConfigStatus& config) { config = sample.config; });
  board.SetDocker(sample.docker);
  for (const Condition& c : sample.conditions) board.SetCondition(c.type, c.status, c.reason, c.message);
  for (const ObjectStatus& o : sample.objects) board.SetObject(o);
  watch.join();
  EXPECT_THAT(metrics.Render(), HasSubstr("spacelet_boot_to_ready_seconds 42\n"));
}

TEST_F(BootToReadyTest, TheWatchEndsWithTheAgent) {
  testing::FakeClock clock;
  StatusBoard board(clock, nullptr, "0.1.0");
  Metrics metrics(clock, "0.1.0", "abc");
  BootToReady boot = Agent();
  std::jthread watch([&](const std::stop_token& stop) { WatchBootToReady(boot, board, metrics, stop); });
  watch.request_stop();
  watch.join();
  EXPECT_THAT(metrics.Render(), HasSubstr("spacelet_boot_to_ready_seconds 0\n"));
}

TEST(ThisBoot, IsOfTheKernel) {
  EXPECT_GT(ThisBoot().since, absl::ZeroDuration());
  EXPECT_EQ(ThisBoot().id, ThisBoot().id);
  const bool visible = std::ifstream("/proc/sys/kernel/random/boot_id").good();
  EXPECT_EQ(ThisBoot().id.size(), visible ? 36u : 0u);
}

}  // namespace
}  // namespace spacelet::report

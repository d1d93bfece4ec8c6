#include "pkg/controller/hold_back.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/reasons.h"

namespace spacelet::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kObject[] = "container/web";

class HoldBackTest : public ::testing::Test {
 protected:
  static plan::Plan UpdateOf(std::vector<plan::Change> changes) {
    plan::UpdateContainer update;
    update.id = "1";
    update.resources.memory = update.resources.memory_swap = 2 << 20;
    update.resources.nano_cpus = 1;
    plan::Plan plan;
    plan.steps.push_back({update, kObject, "differs", std::move(changes)});
    return plan;
  }
  void CrashOnce() {
    docker::Container container;
    container.id = "1";
    container.status = docker::ContainerStatus::kExited;
    container.started_ever = true;
    container.started_at = container.finished_at = absl::FromUnixSeconds(1);
    observed_.containers = {container};
  }

  plan::ObservedState observed_;
  Doings doings_;
  base::Instant now_{absl::Hours(1)};
};

TEST_F(HoldBackTest, NothingIsHeldBackAtFirst) {
  plan::Plan plan = UpdateOf({{"resources.memory", "1m", "2m"}});
  const plan::Plan before = plan;
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::InfiniteDuration());
  EXPECT_EQ(plan, before);
}

TEST_F(HoldBackTest, AFieldThatIsFoughtOverIsLeftOutAndTheOthersAreRepaired) {
  const plan::Plan memory_only = UpdateOf({{"resources.memory", "1m", "2m"}});
  for (int i = 0; i < 6; ++i) doings_.Record(memory_only, 1, observed_, now_);
  plan::Plan plan = UpdateOf({{"resources.memory", "1m", "2m"}, {"resources.cpus", "2", "1"}});
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::Seconds(30));
  ASSERT_EQ(plan.steps.size(), 1u);
  const auto& update = std::get<plan::UpdateContainer>(plan.steps[0].operation);
  EXPECT_FALSE(update.resources.memory.has_value());
  EXPECT_FALSE(update.resources.memory_swap.has_value());
  EXPECT_TRUE(update.resources.nano_cpus.has_value());
  ASSERT_EQ(plan.conflicts.size(), 1u);
  EXPECT_THAT(plan.conflicts[0].reason, HasSubstr("resources.memory was changed back 6 times"));
}

TEST_F(HoldBackTest, AnUpdateWithNothingLeftIsNoStep) {
  plan::Plan plan = UpdateOf({{"resources.memory", "1m", "2m"}});
  for (int i = 0; i < 6; ++i) doings_.Record(plan, 1, observed_, now_);
  HoldBack(plan, observed_, doings_, now_);
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_FALSE(plan.in_sync());
}

TEST_F(HoldBackTest, StartsOfACrashingContainerAreSpacedLikeAnyRetry) {
  CrashOnce();
  plan::Plan start;
  start.steps.push_back({plan::StartContainer{"1"}, kObject, "exited", {}});
  doings_.Record(start, 1, observed_, now_);
  plan::Plan plan = start;
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::InfiniteDuration());
  doings_.Record(start, 1, observed_, now_);
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::Seconds(1));
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_EQ(plan.waiting.at(0).reason, api::reason::kCrashLoopBackOff);
}

TEST_F(HoldBackTest, StartsAfterALongRunAreNeverHeldBack) {
  CrashOnce();
  observed_.containers[0].finished_at += absl::Hours(1);
  plan::Plan plan;
  plan.steps.push_back({plan::StartContainer{"1"}, kObject, "exited", {}});
  for (int i = 0; i < 20; ++i) doings_.Record(plan, 1, observed_, now_);
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::InfiniteDuration());
}

TEST_F(HoldBackTest, RestartsOfWhatIsNotAliveAreSpacedUpToFiveMinutes) {
  plan::Plan restart;
  restart.steps.push_back({plan::RestartContainer{"1", {}}, kObject, "liveness probe failed: 500", {}});
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 9; ++i) {
    doings_.Record(restart, 1, observed_, now_);
    plan::Plan plan = restart;
    const absl::Duration wait = HoldBack(plan, observed_, doings_, now_);
    waits.push_back(plan.steps.empty() ? wait : absl::ZeroDuration());
    now_ = now_ + waits.back() + absl::Seconds(20);  // until it fails again
  }
  std::vector<absl::Duration> expected = {absl::ZeroDuration()};
  for (const int seconds : {10, 20, 40, 80, 160, 300, 300, 300}) expected.push_back(absl::Seconds(seconds));
  EXPECT_EQ(waits, expected);
  plan::Plan plan = restart;
  now_ = now_ + absl::Minutes(16);
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::InfiniteDuration()) << "it worked for long";
}

TEST_F(HoldBackTest, AHeldRestartSaysWhatItWaitsFor) {
  plan::Plan plan;
  plan.steps.push_back({plan::RestartContainer{"1", {}}, kObject, "liveness probe failed: 500", {}});
  for (int i = 0; i < 2; ++i) doings_.Record(plan, 1, observed_, now_);
  HoldBack(plan, observed_, doings_, now_);
  ASSERT_EQ(plan.waiting.size(), 1u);
  EXPECT_EQ(plan.waiting[0].reason, api::reason::kCrashLoopBackOff);
  EXPECT_THAT(plan.waiting[0].for_what, HasSubstr("liveness probe failed: 500"));
}

TEST_F(HoldBackTest, ADifferenceThatNoRepairTakesAwayIsNoBusyLoop) {
  plan::Plan plan;
  plan.steps.push_back({plan::ConnectNetwork{"harness", "1", {}}, kObject, "detached", {}});
  for (int i = 0; i < 61; ++i) doings_.Record(plan, 1, observed_, now_);
  EXPECT_EQ(HoldBack(plan, observed_, doings_, now_), absl::Seconds(1));
  EXPECT_TRUE(plan.steps.empty());
}

}  // namespace
}  // namespace spacelet::controller

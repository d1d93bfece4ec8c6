// What probes do to a host: the whole controller over the fake daemon, with probes that fail or hang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pkg/controller/world.h"

namespace spacelet::controller {
namespace {

constexpr uint16_t kReadiness = 80, kLiveness = 81, kStartup = 82;

constexpr char kProbed[] = R"(apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata: {name: test}
spec:
  containers:
    - name: web
      image: "web:1"
      readinessProbe: {tcpSocket: {port: 80}}
      livenessProbe: {tcpSocket: {port: 81}, periodSeconds: 10, failureThreshold: 3}
      startupProbe: {tcpSocket: {port: 82}, periodSeconds: 10, failureThreshold: 3}
    - {name: app, image: "app:1", dependsOn: [web]}
)";

class ProbesTest : public World {
 protected:
  template <typename F>
  ::testing::AssertionResult InTime(F&& condition) {
    return EventuallyWhileTimeRuns(absl::Seconds(1), std::forward<F>(condition));
  }
  void ConvergeWith(const std::string& document) {
    Start();
    Offer(document);
    ASSERT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
  }
  int Restarts() { return docker_.CountCalls("RestartContainer"); }
};

TEST_F(ProbesTest, WhoDependsWaitsUntilTheProbeSaysReady) {
  checker_.Break(kReadiness);
  Start();
  Offer(kProbed);
  EXPECT_TRUE(HasReason("container/web", api::kReady, api::reason::kStarting));
  EXPECT_TRUE(HasReason("container/app", api::kSynced, api::reason::kWaitingForDependency));
  EXPECT_FALSE(Find("app"));
  checker_.Mend(kReadiness);
  EXPECT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
  EXPECT_TRUE(Runs("app"));
}

TEST_F(ProbesTest, AFailedReadinessProbeIsReportedAndRestartsNothing) {
  ConvergeWith(kProbed);
  checker_.Break(kReadiness);
  EXPECT_TRUE(InTime([&] {
    const report::Condition* ready = nullptr;
    const auto status = board_.Object("container/web");
    ready = report::Find(status->conditions, api::kReady);
    return ready->reason == api::reason::kProbeFailed && ready->message == "connection refused";
  }));
  for (int i = 0; i < 600; ++i) clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Restarts(), 0);
}

TEST_F(ProbesTest, AFailedLivenessProbeRestartsTheContainerAndSaysWhy) {
  ConvergeWith(kProbed);
  const docker::Container before = *Find("web");
  checker_.Break(kLiveness);
  EXPECT_TRUE(InTime([&] { return Restarts() == 1; }));
  checker_.Mend(kLiveness);
  EXPECT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
  const docker::Container after = *Find("web");
  EXPECT_EQ(after.id, before.id);
  EXPECT_GT(after.started_at, before.started_at + absl::Seconds(20));
  EXPECT_EQ(Value("spacelet_container_restarts_total{object=\"container/web\"}"), 1);
  std::string told;
  for (const report::Event& event : events_.Since(0))
    if (event.reason == "RestartContainer" && event.type == report::Event::Type::kWarning)
      told = event.message;
  EXPECT_THAT(told, ::testing::HasSubstr("liveness probe failed: connection refused"));
}

TEST_F(ProbesTest, RestartsThatDoNotHelpAreSpaced) {
  ConvergeWith(kProbed);
  checker_.Break(kLiveness);
  EXPECT_TRUE(InTime([&] { return Restarts() == 2; }));
  EXPECT_TRUE(InTime([&] {
    const auto status = board_.Object("container/web");
    return report::Find(status->conditions, api::kSynced)->reason == api::reason::kCrashLoopBackOff;
  }));
  const absl::Time begin = clock_.Now();
  EXPECT_TRUE(
      EventuallyWhileTimeRuns(absl::Seconds(5), [&] { return clock_.Now() - begin > absl::Hours(1); }));
  EXPECT_GE(Restarts(), 8);
  EXPECT_LE(Restarts(), 20);
}

TEST_F(ProbesTest, AContainerThatNeverStartsUpIsRestarted) {
  checker_.Break(kStartup);
  Start();
  Offer(kProbed);
  EXPECT_TRUE(InTime([&] { return Restarts() == 1; }));
  const auto created = Find("web")->created_at;
  EXPECT_GE(Find("web")->started_at - created, absl::Seconds(20));
  checker_.Mend(kStartup);
  EXPECT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
}

TEST_F(ProbesTest, AHungProbeBlocksNoReconcilingAndNoResync) {
  ConvergeWith(kProbed);
  checker_.Hang();
  const int asked = checker_.asked();
  EXPECT_TRUE(InTime([&] { return checker_.asked() > asked; }));
  const std::string web = Find("web")->id, app = Find("app")->id;
  docker_.World([](testing::FakeEngine& engine) { return engine.Remove("web", true).ok(); });
  EXPECT_TRUE(Eventually([&] { return Runs("web") && Find("web")->id != web; }));
  EXPECT_TRUE(HasReason("container/web", api::kReady, api::reason::kStarting));
  docker_.World([](testing::FakeEngine& engine) { return engine.Remove("app", true).ok(); });
  EXPECT_TRUE(HasReason("container/app", api::kSynced, api::reason::kWaitingForDependency));
  const double resyncs = Value("spacelet_resyncs_total");
  EXPECT_TRUE(InTime([&] { return Value("spacelet_resyncs_total") >= resyncs + 3; }));
  EXPECT_TRUE(heartbeats_.Late().empty());
  EXPECT_FALSE(Find("app")) << "nobody knows whether web is ready";
  checker_.Hang(false);
  EXPECT_TRUE(InTime([&] { return Runs("app") && Find("app")->id != app; }));
}

TEST_F(ProbesTest, ASuspendedHostRestartsNothing) {
  ConvergeWith(kProbed);
  std::string suspended = kProbed;
  suspended.replace(suspended.find("spec:\n"), 6, "spec:\n  suspend: true\n");
  Offer(suspended);
  checker_.Break(kLiveness);
  EXPECT_TRUE(InTime([&] {
    const auto status = board_.Object("container/web");
    return report::Find(status->conditions, api::kSynced)->reason == api::reason::kSuspended;
  }));
  for (int i = 0; i < 600; ++i) clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Restarts(), 0);
}

// ---- what a container has under way when its successor stands ready

constexpr char kRunner[] = R"(apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata: {name: test}
spec:
  runner:
    image: "runner:1"
    rollout: {minReadySeconds: 0}
    pool: {inline: {version: "1", instances: [{name: a, type: noop, spec: {}}]}}
)";

class DrainTest : public ProbesTest {
 protected:
  DrainTest() {
    for (const char* image : {"runner:1", "runner:2"}) Publish(image);
    newer_.replace(newer_.find("runner:1"), 8, "runner:2");
  }
  bool Replaced() {
    const auto runner = Find("vm-runner");
    return runner && runner->image == "runner:2";
  }
  std::string newer_ = kRunner;
};

TEST_F(DrainTest, AReplacementWaitsForRunningTasksAndFollowsTheirNumber) {
  ConvergeWith(kRunner);
  EXPECT_EQ(checker_.sampled(), 0) << "nobody asks without a reason";
  checker_.SetTasks(2.0);
  Offer(newer_);
  EXPECT_TRUE(HasReason("container/vm-runner", api::kSynced, api::reason::kDraining));
  const int sampled = checker_.sampled();
  EXPECT_TRUE(InTime([&] { return checker_.sampled() >= sampled + 5; }));
  EXPECT_TRUE(Runs("vm-runner"));
  EXPECT_FALSE(Replaced());
  checker_.SetTasks(1.0);
  EXPECT_TRUE(InTime([&] {
    const auto status = board_.Object("container/vm-runner");
    return report::Find(status->conditions, api::kSynced)->message.find("1 running tasks") !=
           std::string::npos;
  }));
  checker_.SetTasks(0.0);
  EXPECT_TRUE(InTime([&] { return Replaced() && controller_->GetProgress().converged; }));
  const int after = checker_.sampled();
  for (int i = 0; i < 60; ++i) clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(checker_.sampled(), after) << "nor does anybody when it is over";
}

TEST_F(DrainTest, WorkThatNobodyCanReadIsNotWaitedFor) {
  ConvergeWith(kRunner);
  checker_.SetTasks(absl::NotFoundError("an image from before the metrics"));
  Offer(newer_);
  EXPECT_TRUE(InTime([&] { return Replaced() && controller_->GetProgress().converged; }));
}

// A stop that outlasts its grace ends as this does.
TEST_F(DrainTest, ARunnerThatIsKilledCountsAndWarnsOfOrphanedVms) {
  ConvergeWith(kRunner);
  docker_.World([](testing::FakeEngine& engine) { return engine.Kill("vm-runner").ok(); });
  EXPECT_TRUE(Eventually([&] { return Value("spacelet_unclean_runner_stops_total") == 1; }));
  EXPECT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
  std::string warning;
  for (const report::Event& event : events_.Since(0))
    if (event.reason == api::reason::kUncleanStop) warning = event.object + ": " + event.message;
  EXPECT_THAT(warning, ::testing::StartsWith("container/vm-runner: killed before it had cleaned up"));
}

TEST_F(DrainTest, ARevertEndsTheWait) {
  ConvergeWith(kRunner);
  const std::string id = Find("vm-runner")->id;
  checker_.SetTasks(2.0);
  Offer(newer_);
  EXPECT_TRUE(HasReason("container/vm-runner", api::kSynced, api::reason::kDraining));
  Offer(kRunner);
  EXPECT_TRUE(InTime([&] { return controller_->GetProgress().converged; }));
  EXPECT_EQ(Find("vm-runner")->id, id);
  EXPECT_FALSE(Find("vm-runner.next"));
}

}  // namespace
}  // namespace spacelet::controller

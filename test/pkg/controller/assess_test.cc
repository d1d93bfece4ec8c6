#include "pkg/controller/assess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"

namespace spacelet::controller {
namespace {

using docker::ContainerStatus;
using ::testing::HasSubstr;

constexpr char kKey[] = "container/web";

// A workload that runs and is in sync; tests change one thing.
struct Scene {
  Scene() {
    desired::Container want;
    want.name = want.component = "web";
    want.config.image = "web:1";
    want.spec_hash = "v1:aa";
    host.containers = {want};
    docker::Container container;
    container.id = "1";
    container.name = "web";
    container.image = "web:1";
    container.image_id = "sha256:bb";
    container.labels = {
        {api::kLabelManaged, "true"}, {api::kLabelComponent, "web"}, {api::kLabelSpecHash, "v1:aa"}};
    container.status = ContainerStatus::kRunning;
    container.started_ever = true;
    container.started_at = absl::FromUnixSeconds(1);
    observed.containers = {container};
    probe = probe::Result{true, true, ""};
  }
  report::ObjectStatus Assess() const {
    return controller::Assess(
        {.key = key, .host = host, .observed = observed, .plan = plan, .probe = probe, .crash = crash});
  }
  docker::Container& container() { return observed.containers.at(0); }

  std::string key = kKey;
  desired::Host host;
  plan::ObservedState observed;
  plan::Plan plan;
  std::optional<probe::Result> probe;
  Crash crash;
};

std::string Text(const report::ObjectStatus& status, const char* type) {
  const report::Condition* c = report::Find(status.conditions, type);
  return std::string(report::Name(c->status)) + " " + c->reason;
}

TEST(Assess, DescribesTheLiveContainer) {
  const report::ObjectStatus status = Scene().Assess();
  EXPECT_EQ(status.object, kKey);
  EXPECT_EQ(status.component, "web");
  EXPECT_EQ(status.id, "1");
  EXPECT_EQ(status.image_id, "sha256:bb");
  EXPECT_EQ(status.spec_hash, "v1:aa");
  EXPECT_EQ(status.state, "running");
  EXPECT_EQ(status.started_at, absl::FromUnixSeconds(1));
}

TEST(Assess, SaysWhatIsWantedAndWhatIsToBeDone) {
  Scene scene;
  scene.container().image = "web:0";
  scene.plan.steps.push_back({plan::StartContainer{"1"}, kKey, "exited", {{"image", "web:0", "web:1"}}});
  const report::ObjectStatus status = scene.Assess();
  EXPECT_EQ(status.image, "web:0");
  EXPECT_EQ(status.desired, (report::DesiredStatus{"web:1", "v1:aa"}));
  EXPECT_EQ(status.plan, report::Summary(scene.plan));
  EXPECT_EQ(status.plan.steps.at(0).operation, "StartContainer");
  EXPECT_EQ(status.plan.steps.at(0).arguments, "1");
}

TEST(Assess, WhatTheDocumentHasDroppedIsNotWanted) {
  Scene scene;
  scene.host.containers.clear();
  EXPECT_EQ(scene.Assess().desired, std::nullopt);
}

TEST(Assess, Ready) {
  struct Case {
    std::function<void(Scene&)> mutate;
    const char* ready;
  };
  auto differs = [](Scene& s) { s.plan.steps.push_back({plan::StartContainer{"1"}, kKey, "exited", {}}); };
  const Case cases[] = {
      {[](Scene&) {}, "True Running"},
      {[](Scene& s) {
         s.probe = probe::Result{false, false, "503"};
       },
       "False Starting"},
      {[](Scene& s) {
         s.probe = probe::Result{false, true, "503"};
       },
       "False ProbeFailed"},
      {[](Scene& s) { s.probe = probe::Result{.ready = true, .unalive = "liveness probe failed: 500"}; },
       "False ProbeFailed"},
      {[](Scene& s) { s.container().status = ContainerStatus::kRestarting; }, "False CrashLoopBackOff"},
      {[](Scene& s) {
         s.crash.loops = true;
         s.probe = probe::Result{false, false, "refused"};
       },
       "False CrashLoopBackOff"},
      {[](Scene& s) {
         s.crash.loops = true;
         s.probe = probe::Result{false, true, "503"};
       },
       "False ProbeFailed"},
      {[](Scene& s) { s.crash.loops = true; }, "True Running"},
      {[](Scene& s) { s.crash.settles_in = absl::Seconds(9); }, "False CrashLoopBackOff"},
      {[&](Scene& s) {
         s.container().status = ContainerStatus::kExited;
         s.plan.waiting = {{kKey, "its next start", "after the back-off", api::reason::kCrashLoopBackOff}};
       },
       "False CrashLoopBackOff"},
      {[](Scene& s) { s.container().status = ContainerStatus::kExited; }, "True Completed"},
      {[&](Scene& s) {
         s.container().status = ContainerStatus::kExited;
         differs(s);
       },
       "False Stopped"},
      {[](Scene& s) { s.container().status = ContainerStatus::kPaused; }, "False Stopped"},
      {[](Scene& s) {
         s.container().status = ContainerStatus::kCreated;
         s.container().error = "Bind for 127.0.0.1:3000 failed: port is already allocated";
       },
       "False PortInUse"},
      {[](Scene& s) { s.observed.containers.clear(); }, "False Missing"},
      {[](Scene& s) { s.container().labels.clear(); }, "False Missing"},  // a foreign one is none of ours
  };
  for (const Case& c : cases) {
    Scene scene;
    c.mutate(scene);
    EXPECT_EQ(Text(scene.Assess(), api::kReady), c.ready);
  }
}

TEST(Assess, SyncedAndProgressing) {
  struct Case {
    std::function<void(Scene&)> mutate;
    const char* synced;
    const char* progressing;
  };
  auto step = [](plan::Operation op) { return plan::Step{std::move(op), kKey, "cause", {}}; };
  const Case cases[] = {
      {[](Scene&) {}, "True InSync", "False InSync"},
      {[&](Scene& s) { s.plan.steps = {step(plan::StartContainer{"1"})}; }, "False OutOfSync",
       "True Reconciling"},
      {[&](Scene& s) {
         s.plan.steps = {step(plan::PullImage{"web:2", "", {}}), step(plan::RenameContainer{"1", "x"})};
       },
       "False OutOfSync", "True Pulling"},
      {[&](Scene& s) {
         s.plan.steps = {step(plan::RenameContainer{"1", "web.previous"})};
       },
       "False OutOfSync", "True RollingOut"},
      {[&](Scene& s) {
         s.plan.steps = {step(plan::StartContainer{"1"})};
         s.host.suspend = true;
       },
       "False Suspended", "False Suspended"},
      {[](Scene& s) {
         s.plan.waiting = {{kKey, "container/db", "Ready", api::reason::kWaitingForDependency}};
       },
       "False WaitingForDependency", "True WaitingForDependency"},
      {[](Scene& s) {
         s.plan.waiting = {{kKey, "the prune delay", "over", api::reason::kPendingRemoval}};
       },
       "False PendingRemoval", "True PendingRemoval"},
      {[](Scene& s) {
         s.plan.conflicts = {{kKey, "postgres holds port 3000"}};
       },
       "False Conflict", "False Conflict"},
      {[](Scene& s) {
         s.plan.notices = {{kKey, api::reason::kInvalidPool, "pool.yaml:1:1: bad"}};
       },
       "False InvalidPool", "False InvalidPool"},
      {[](Scene& s) {
         s.plan.notices = {{kKey, api::reason::kLimitNotRemovable, "memory", false}};
       },
       "True InSync", "False InSync"},
  };
  for (const Case& c : cases) {
    Scene scene;
    c.mutate(scene);
    EXPECT_EQ(Text(scene.Assess(), api::kSynced), c.synced);
    EXPECT_EQ(Text(scene.Assess(), api::kProgressing), c.progressing);
  }
}

TEST(Assess, AMessageNamesTheRivalAndTheLogLines) {
  Scene scene;
  scene.plan.conflicts = {{kKey, "postgres holds port 3000"}};
  scene.container().status = ContainerStatus::kRestarting;
  scene.crash.message = "exited with code 1; last log lines: boom";
  const report::ObjectStatus status = scene.Assess();
  EXPECT_THAT(report::Find(status.conditions, api::kSynced)->message, HasSubstr("postgres"));
  EXPECT_THAT(report::Find(status.conditions, api::kReady)->message, HasSubstr("boom"));
}

TEST(Assess, ANetworkIsThereOrNot) {
  Scene scene;
  scene.key = "network/harness";
  EXPECT_EQ(Text(scene.Assess(), api::kReady), "False Missing");
  docker::Network network;
  network.id = "n1";
  network.config.name = "harness";
  scene.observed.networks = {network};
  EXPECT_EQ(Text(scene.Assess(), api::kReady), "True InSync");
  EXPECT_EQ(scene.Assess().component, "network");
  EXPECT_EQ(scene.Assess().id, "n1");
}

TEST(Assess, WhatIsNeitherWantedNorThereDoesNotExist) {
  Scene scene;
  EXPECT_TRUE(Exists(kKey, scene.host, scene.observed));
  scene.host.containers.clear();
  EXPECT_TRUE(Exists(kKey, scene.host, scene.observed));
  scene.observed.containers.clear();
  EXPECT_FALSE(Exists(kKey, scene.host, scene.observed));
}

TEST(Assess, AFailureSaysWhy) {
  struct Case {
    absl::Status status;
    bool pulling, for_change;
    const char* reason;
  };
  const Case cases[] = {
      {absl::UnavailableError("500"), false, false, api::reason::kBackOff},
      {absl::InvalidArgumentError("400"), false, true, api::reason::kReconcileError},
      {absl::NotFoundError("manifest unknown"), true, false, api::reason::kImagePullBackOff},
      {absl::UnavailableError("Bind for 0.0.0.0:80 failed: port is already allocated"), false, false,
       api::reason::kPortInUse},
  };
  for (const Case& c : cases)
    EXPECT_EQ(FailedSync(c.status, c.pulling, c.for_change).reason, c.reason) << c.status;
}

}  // namespace
}  // namespace spacelet::controller

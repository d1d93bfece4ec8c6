#include "pkg/plan/plan.h"

#include <gtest/gtest.h>

#include "pkg/plan/diff.h"
#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

TEST(Plan, OfAColdHostReadsAsTheGuideDoes) {
  desired::Host host = DesiredHost();
  plan::ObservedState now;
  now.images = {{"runner:1", std::nullopt}, {"delegate:1", std::nullopt}};
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)),
            "network/harness  CreateNetwork harness  (not found)\n"
            "container/vm-runner  PullImage runner:1  (image not on this host)\n"
            "container/vm-runner  CreateContainer vm-runner from runner:1  (not found; waits)\n"
            "container/vm-runner  StartContainer vm-runner  (created; waits)\n"
            "container/docker-delegate  PullImage delegate:1  (image not on this host)\n"
            "container/docker-delegate  CreateContainer docker-delegate from delegate:1  (not found; waits)\n"
            "container/docker-delegate  StartContainer docker-delegate  (created; waits)\n"
            "container/vm-runner  waits for network/harness to be created  (WaitingForNetwork)\n"
            "container/docker-delegate  waits for container/vm-runner to be Ready  (WaitingForDependency)\n"
            "container/docker-delegate  waits for network/harness to be created  (WaitingForNetwork)\n");
}

TEST(Plan, RemovesADroppedWorkloadAfterThePruneDelayWithTheGraceItWasMadeWith) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  Find(now, "docker-delegate").stop_timeout = absl::Seconds(600);
  host.containers.pop_back();
  now.facts.removal_pending = {"docker-delegate"};
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)),
            "container/docker-delegate  waits for the prune delay to be over  (PendingRemoval)\n");
  now.facts.removal_pending.clear();
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)),
            "container/docker-delegate  StopContainer 646f636b6572 within 10m  (no longer in the document)\n"
            "container/docker-delegate  RemoveContainer 646f636b6572  (no longer in the document)\n");
}

TEST(Plan, OfADroppedWorkloadRemovesWhatRunsWhateverIsDead) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  AddPart(now, host.containers[1], "docker-delegate.next", "v1:delegate-2",
          docker::ContainerStatus::kRunning);
  Find(now, "docker-delegate").status = docker::ContainerStatus::kDead;
  host.containers.pop_back();
  EXPECT_EQ(
      plan::ToText(plan::Compute(host, now)),
      "container/docker-delegate  RenameContainer 646f636b6572 -> docker-delegate.dead-646f636b6572  (Docker "
      "failed to remove it)\n"
      "container/docker-delegate  StopContainer 6e6578740000 within 10s  (no longer in the document)\n"
      "container/docker-delegate  RemoveContainer 6e6578740000  (no longer in the document)\n");
  Erase(now, "docker-delegate.next");
  Find(now, "docker-delegate").name = "docker-delegate.dead-646f636b6572";
  EXPECT_EQ(
      plan::ToText(plan::Compute(host, now)),
      "container/docker-delegate.dead-646f636b6572  RemoveContainer 646f636b6572  (Docker failed to remove "
      "it)\n");
}

TEST(Plan, OfANameThatADeadOneHasGivesItToWhoWantsItNow) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  Find(now, "vm-runner").status = docker::ContainerStatus::kDead;
  host.containers[0].name = "runner-one";
  host.containers[1].name = "vm-runner";
  EXPECT_EQ(
      plan::ToText(plan::ComputeFor("container/runner-one", host, now)),
      "container/runner-one  RenameContainer 766d2d72756e -> runner-one.dead-766d2d72756e  (Docker failed to "
      "remove it)\n"
      "container/runner-one  CreateContainer runner-one from runner:1  (not found)\n"
      "container/runner-one  StartContainer runner-one  (created)\n");
}

TEST(Plan, RenamesTheContainerOfAWorkloadThatGotAnotherName) {
  desired::Host host = DesiredHost();
  const plan::ObservedState now = Converged(host);
  host.containers[0].name = "runner-one";
  EXPECT_EQ(plan::ToText(plan::ComputeFor("container/runner-one", host, now)),
            "container/runner-one  RenameContainer 766d2d72756e -> runner-one  (named vm-runner)\n");
  EXPECT_EQ(plan::Keys(host, now), (std::vector<std::string>{"network/harness", "container/runner-one",
                                                             "container/docker-delegate"}));
}

// Found on a real host: the container of a renamed workload was removed as a dropped one while it was renamed
// back.
TEST(Plan, NeverTakesARenamedContainerForADroppedOne) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  Find(now, "vm-runner").name = "old-runner";
  EXPECT_EQ(plan::ToText(plan::ComputeFor("container/old-runner", host, now)), "");
}

TEST(Plan, OfDownRemovesEverythingOwnedDependantsFirstAndNothingForeign) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  docker::Container foreign;
  foreign.id = FakeId("web");
  foreign.name = "web";
  foreign.status = docker::ContainerStatus::kRunning;
  now.containers.push_back(foreign);
  EXPECT_EQ(plan::ToText(plan::ComputeDown(host, now)),
            "container/docker-delegate  StopContainer 646f636b6572 within 10s  (down)\n"
            "container/docker-delegate  RemoveContainer 646f636b6572  (down)\n"
            "container/vm-runner  StopContainer 766d2d72756e within 10s  (down)\n"
            "container/vm-runner  RemoveContainer 766d2d72756e  (down)\n"
            "network/harness  RemoveNetwork harness 6861726e6573  (no longer in the document)\n");
  Find(now, "docker-delegate").status = docker::ContainerStatus::kDead;
  EXPECT_EQ(plan::ToText(plan::ComputeDown(host, now)),
            "container/vm-runner  StopContainer 766d2d72756e within 10s  (down)\n"
            "container/vm-runner  RemoveContainer 766d2d72756e  (down)\n"
            "network/harness  RemoveNetwork harness 6861726e6573  (no longer in the document)\n"
            "container/docker-delegate  RemoveContainer 646f636b6572  (down)\n");
  now.networks[0].members.push_back({foreign.id, "web"});
  EXPECT_EQ(plan::ComputeDown(host, now).conflicts.size(), 1u);
}

TEST(Plan, DoesNotChangeItsInputAndAlwaysSaysTheSame) {
  const desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  now.containers.clear();
  const std::string once = plan::ToText(plan::Compute(host, now));
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), once);
  EXPECT_FALSE(plan::Compute(host, now).in_sync());
}

TEST(Plan, IsNotInSyncWhileSomethingIsWithheld) {
  desired::Host host = DesiredHost();
  host.blocked.push_back({"vm-runner", "InvalidPool", "bad"});
  EXPECT_FALSE(plan::Compute(host, Converged(host)).in_sync());
}

TEST(Explain, HidesSecretsAndNamesEachDecision) {
  desired::Host host = DesiredHost();
  host.containers[0].secret_env["TOKEN"] = {};
  host.containers[0].config.env["GITHUB_TOKEN"] = {"canary", false};
  host.containers[0].config.resources.memory = int64_t{1} << 30;
  plan::ObservedState now = Converged(host);
  now.facts.secret_env["vm-runner/TOKEN"] = {"canary", ""};
  Find(now, "vm-runner").env["TOKEN"] = "canary-old";
  Find(now, "vm-runner").resources.memory = int64_t{2} << 30;
  std::string text;
  for (const plan::FieldView& v : plan::Explain(host.containers[0], &Find(now, "vm-runner"), now))
    absl::StrAppend(&text, v.field, "|", v.desired, "|", v.actual, "|", v.decision, "\n");
  EXPECT_EQ(text,
            "image|runner:1|runner:1|in sync\n"
            "hostname|vm-runner|vm-runner|in sync\n"
            "env.GITHUB_TOKEN|***|***|in sync\n"
            "env.TOKEN|***|***|replace\n"
            "ports|none|none|in sync\n"
            "volumes|none|none|in sync\n"
            "resources.cpus|none|none|in sync\n"
            "resources.memory|1g|2g|update in place\n"
            "resources.pids|none|none|in sync\n"
            "resources.cpuShares|none|none|in sync\n"
            "restartPolicy|unless-stopped|unless-stopped|in sync\n"
            "network|attached|attached|in sync\n"
            "specHash|v1:runner-1|v1:runner-1|in sync\n");
}

}  // namespace
}  // namespace spacelet::testing

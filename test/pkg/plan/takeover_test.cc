// `takeover: true`: what was started by hand is replaced by a rollout, and comes back when that fails.
#include <gtest/gtest.h>

#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using docker::ContainerStatus;

constexpr char kPrevious[] = "vm-runner.previous", kNext[] = "vm-runner.next";

docker::Container& MakeTheirs(docker::Container& c) {
  c.labels.clear();
  c.image = "runner:0";
  return c;
}

// The runner was started by hand under our name.
docker::Container& ByHand(desired::Host& host, plan::ObservedState& now) {
  host.containers[0].takeover = true;
  return MakeTheirs(Find(now, "vm-runner"));
}

// As the guide does it: Docker chose the name.
docker::Container& Nameless(desired::Host& host, plan::ObservedState& now) {
  docker::Container& theirs = ByHand(host, now);
  theirs.name = "silly_runner";
  plan::Rival& rival = now.rivals.emplace_back();
  rival.container.id = theirs.id;
  rival.reason = "container silly_runner answers to vm-runner";
  rival.object = "container/vm-runner";
  rival.blocks = rival.same_work = true;
  return theirs;
}

// Ours runs, theirs was put aside for it.
docker::Container& PutAside(desired::Host& host, plan::ObservedState& now) {
  host.containers[0].takeover = true;
  Find(now, "vm-runner").started_at = now.taken_at - absl::Minutes(1);
  now.facts.probes.erase(FakeId("vm-runner"));
  return MakeTheirs(AddPart(now, host.containers[0], kPrevious, "", ContainerStatus::kExited));
}

class TakeoverPlan : public ::testing::TestWithParam<PlanCase> {};
TEST_P(TakeoverPlan, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  host.containers.pop_back();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), GetParam().text);
}

constexpr char kSwap[] =
    "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
    "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
    "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
    "container/vm-runner  StartContainer vm-runner  (created)\n";
constexpr char kCreate[] =
    "container/vm-runner  CreateContainer vm-runner.next from runner:1  (taken over)\n"
    "    ownership: started by hand -> spacelet\n"
    "    image: runner:0 -> runner:1\n";

const PlanCase kTaken[] = {
    {"OneOfOurNameIsReplaced", [](auto& host, auto& now) { ByHand(host, now); },
     absl::StrCat(kCreate, kSwap)},
    {"OneThatDoesTheWorkUnderAnotherNameIsNamedFirst", [](auto& host, auto& now) { Nameless(host, now); },
     absl::StrCat(kCreate,
                  "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner  (found by what it does)\n",
                  kSwap)},
    {"OneThatDiffersInNothingChangesItsOwnerOnly",
     [](auto& host, auto& now) { ByHand(host, now).image = "runner:1"; },
     absl::StrCat("container/vm-runner  CreateContainer vm-runner.next from runner:1  (taken over)\n"
                  "    ownership: started by hand -> spacelet\n",
                  kSwap)},
    {"DockerDoesNotStartTheOldOneAgain",
     [](auto& host, auto& now) {
       ByHand(host, now).restart_policy = {"on-failure", 3};
     },
     absl::StrCat(kCreate,
                  "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
                  "container/vm-runner  UpdateContainer 766d2d72756e  (stays down)\n"
                  "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
                  "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
                  "container/vm-runner  StartContainer vm-runner  (created)\n")},
    {"AnAgentThatDiedAfterTheStopGoesOn",
     [](auto& host, auto& now) {
       ByHand(host, now).status = ContainerStatus::kExited;
       AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kCreated);
     },
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"AnAgentThatDiedBetweenTheRenamesGoesOn",
     [](auto& host, auto& now) {
       MakeTheirs(Find(now, "vm-runner")).name = kPrevious;
       Find(now, kPrevious).status = ContainerStatus::kExited;
       host.containers[0].takeover = true;
       AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kCreated);
     },
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (its replacement was interrupted)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
};
INSTANTIATE_TEST_SUITE_P(Taken, TakeoverPlan, ::testing::ValuesIn(kTaken), CaseName);

const PlanCase kProving[] = {
    {"TheSuccessorIsWaitedFor", [](auto& host, auto& now) { PutAside(host, now); },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"AProvedSuccessorFreesTheOldOneButNotItsVolumes",
     [](auto& host, auto& now) {
       PutAside(host, now);
       now.facts.probes[FakeId("vm-runner")] = {true, true, absl::Seconds(10), absl::Minutes(1), "", ""};
     },
     "container/vm-runner  RemoveContainer 70726576696f, its volumes stay  (its successor has proved "
     "itself)\n"},
    {"AFailedOneBringsTheOldOneBackAsItWas",
     [](auto& host, auto& now) {
       PutAside(host, now).networks.clear();
       Find(now, "vm-runner").error = "no such device";
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     "container/vm-runner  RemoveContainer 766d2d72756e  (Docker refused to start it: no such device)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (its successor failed)\n"
     "container/vm-runner  StartContainer 70726576696f  (the hand-started one goes on)\n"},
};
INSTANTIATE_TEST_SUITE_P(Proving, TakeoverPlan, ::testing::ValuesIn(kProving), CaseName);

const PlanCase kLeft[] = {
    {"WithoutTakeoverItIsLeftAlone",
     [](auto& host, auto& now) {
       ByHand(host, now);
       host.containers[0].takeover = false;
     },
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:0) was not made by "
     "spacelet and is left alone: stop and remove it, or rename it (docker rename vm-runner "
     "vm-runner-old)\n"},
    {"TheContainerThatSpaceletRunsInIsNeverReplaced",
     [](auto& host, auto& now) { now.self = ByHand(host, now).id; },
     "container/vm-runner  conflict: container vm-runner is the one that spacelet itself runs in: it would "
     "stop "
     "itself. Give the workload another name\n"},
    {"OneOfDockerComposeIsNamedAsSuch",
     [](auto& host, auto& now) {
       ByHand(host, now).labels["com.docker.compose.project"] = "gitspaces";
       host.containers[0].takeover = false;
     },
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:0) was not made by "
     "spacelet and is left alone: docker compose made it and will make it again, take it out of its project "
     "(docker compose -p gitspaces down)\n"},
    {"WhileSomethingIsMissingItIsNotTouched",
     [](auto& host, auto& now) {
       ByHand(host, now).status = ContainerStatus::kExited;
       host.containers[0].secret_env["TOKEN"] = FileSecret("/token");
     },
     "container/vm-runner  SecretUnavailable: env.TOKEN has no value: not read yet\n"},
    {"OneThatDockerWouldNotKeepIsLeftAlone",
     [](auto& host, auto& now) { ByHand(host, now).auto_remove = true; },
     "container/vm-runner  conflict: takeover leaves vm-runner: it was started with --rm, so Docker would "
     "not "
     "keep it to go back to. Stop it by hand (docker stop vm-runner)\n"
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:0) was not made by "
     "spacelet and is left alone: stop and remove it, or rename it (docker rename vm-runner "
     "vm-runner-old)\n"},
    {"TwoThatDoTheWorkAreLeftAlone",
     [](auto& host, auto& now) {
       Nameless(host, now);
       MakeTheirs(AddPart(now, host.containers[0], "vm-runner", "", ContainerStatus::kExited));
     },
     "container/vm-runner  conflict: takeover replaces one container, and each of silly_runner, vm-runner "
     "does "
     "this work: stop and remove all but one\n"
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:0) was not made by "
     "spacelet and is left alone: stop and remove it, or rename it (docker rename vm-runner vm-runner-old)\n"
     "container/vm-runner  conflict: container silly_runner answers to vm-runner\n"},
    {"AnotherProgramOnOurPortIsLeftAlone",
     [](auto& host, auto& now) {
       Nameless(host, now);
       now.rivals[0].same_work = false;
     },
     "container/vm-runner  conflict: container silly_runner answers to vm-runner\n"},
    {"WhatRunsUnderTheNameOfAPreviousOneWasNotPutAsideByUs",
     [](auto& host, auto& now) { PutAside(host, now).status = ContainerStatus::kRunning; },
     "container/vm-runner  conflict: container vm-runner.previous (70726576696f, image runner:0) was not "
     "made "
     "by spacelet and is left alone: stop and remove it, or rename it (docker rename vm-runner.previous "
     "vm-runner.previous-old)\n"},
    {"OursUnderAnotherNameComesFirst",
     [](auto& host, auto& now) {
       AddPart(now, host.containers[0], "renamed", "v1:runner-1", ContainerStatus::kRunning);
       ByHand(host, now);
     },
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:0) was not made by "
     "spacelet and is left alone: stop and remove it, or rename it (docker rename vm-runner "
     "vm-runner-old)\n"},
};
INSTANTIATE_TEST_SUITE_P(Left, TakeoverPlan, ::testing::ValuesIn(kLeft), CaseName);

}  // namespace
}  // namespace spacelet::testing

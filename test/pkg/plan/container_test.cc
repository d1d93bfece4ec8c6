#include <gtest/gtest.h>

#include "pkg/api/reasons.h"
#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using docker::ContainerStatus;

class ContainerPlan : public ::testing::TestWithParam<PlanCase> {};

TEST_P(ContainerPlan, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), GetParam().text);
}

// A replacement has its own ways with a successor that does not work.
TEST(ContainerPlanInARollout, RestartsNothingThatIsNotAlive) {
  for (const char* part : {"vm-runner.previous", "vm-runner.next"}) {
    const desired::Host host = DesiredHost();
    plan::ObservedState now = Converged(host);
    AddPart(now, host.containers[0], part, "v1:runner-0", ContainerStatus::kRunning);
    now.facts.probes[Find(now, "vm-runner").id].unalive = "liveness probe failed: 500";
    EXPECT_EQ(plan::ToText(plan::Compute(host, now)).find("RestartContainer"), std::string::npos) << part;
  }
}

const PlanCase kStates[] = {
    {"NothingToDoWhenConverged", [](auto&, auto&) {}, ""},
    {"AMissingOneIsCreatedAndStarted", [](auto&, auto& now) { Erase(now, "vm-runner"); },
     "container/vm-runner  CreateContainer vm-runner from runner:1  (not found)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"AnExitedOneIsStarted",
     [](auto&, auto& now) {
       Find(now, "vm-runner").status = ContainerStatus::kExited;
       Find(now, "vm-runner").exit_code = 137;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 137)\n"},
    {"AnUnaliveOneIsRestartedWithItsGrace",
     [](auto&, auto& now) {
       Find(now, "vm-runner").stop_timeout = absl::Seconds(300);
       now.facts.probes[Find(now, "vm-runner").id].unalive = "liveness probe failed: GET :3000/healthz: 500";
     },
     "container/vm-runner  RestartContainer 766d2d72756e  (liveness probe failed: GET :3000/healthz: 500)\n"},
    {"AnUnreadyOneIsLeftAlone",
     [](auto&, auto& now) { now.facts.probes[Find(now, "vm-runner").id].message = "GET :3000/healthz: 500"; },
     ""},
    {"AnUnaliveOneThatIsPausedIsUnpausedOnly",
     [](auto&, auto& now) {
       Find(now, "vm-runner").status = ContainerStatus::kPaused;
       now.facts.probes[Find(now, "vm-runner").id].unalive = "liveness probe failed: 500";
     },
     "container/vm-runner  UnpauseContainer 766d2d72756e  (paused)\n"},
    {"APausedOneIsUnpaused",
     [](auto&, auto& now) { Find(now, "vm-runner").status = ContainerStatus::kPaused; },
     "container/vm-runner  UnpauseContainer 766d2d72756e  (paused)\n"},
    {"ARestartingOneIsLeftToDocker",
     [](auto&, auto& now) { Find(now, "vm-runner").status = ContainerStatus::kRestarting; }, ""},
    {"ACreatedOneIsStarted",
     [](auto&, auto& now) {
       Find(now, "vm-runner").status = ContainerStatus::kCreated;
       Find(now, "vm-runner").started_ever = false;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (created and never started)\n"},
    {"ADeadOneIsReplaced", [](auto&, auto& now) { Find(now, "vm-runner").status = ContainerStatus::kDead; },
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.dead-766d2d72756e  (Docker failed to "
     "remove it)\n"
     "container/vm-runner  CreateContainer vm-runner from runner:1  (not found)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ADeadOneThatHasGivenItsNameAwayIsAnObjectOfItsOwn",
     [](auto& host, auto& now) {
       AddPart(now, host.containers[0], "vm-runner.dead-0123456789ab", "v1:runner-1", ContainerStatus::kDead);
     },
     "container/vm-runner.dead-0123456789ab  RemoveContainer 646561642d30  (Docker failed to remove it)\n"},
    {"ADeadSuccessorMakesRoomForAnother",
     [](auto& host, auto& now) {
       SetSpec(host.containers[0], "v1:runner-2");
       AddPart(now, host.containers[0], "vm-runner.next", "v1:runner-2", ContainerStatus::kDead);
     },
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner.dead-6e6578740000  (Docker failed to "
     "remove it)\n"
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-1 -> v1:runner-2\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARenamedOneThatIsReplacedGetsItsNameBackOnce",
     [](auto& host, auto& now) {
       SetSpec(host.containers[0], "v1:runner-2");
       Find(now, "vm-runner").name = "hand-named";
     },
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner  (named hand-named)\n"
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-1 -> v1:runner-2\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARemovalThatDockerHasBegunIsWaitedFor",
     [](auto&, auto& now) { Find(now, "vm-runner").status = ContainerStatus::kRemoving; },
     "container/vm-runner  waits for the removal of 766d2d72756e to be done  (Reconciling)\n"},
    {"ARenamedOneIsRenamedBack", [](auto&, auto& now) { Find(now, "vm-runner").name = "hand-named"; },
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner  (named hand-named)\n"},
    {"ASecondOneOfTheComponentIsStoppedAndRemoved",
     [](auto& host, auto& now) {
       AddPart(now, host.containers[0], "copy", "v1:runner-1", ContainerStatus::kRunning);
     },
     "container/vm-runner  StopContainer 636f70790000 within 10s  (a second container of runner)\n"
     "container/vm-runner  RemoveContainer 636f70790000  (a second container of runner)\n"},
    {"AnExitZeroUnderOnFailureIsCompleted",
     [](auto& host, auto& now) {
       host.containers[0].restart_policy.kind = api::RestartPolicy::Kind::kOnFailure;
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     ""},
    {"AnExitUnderNoIsCompleted",
     [](auto& host, auto& now) {
       host.containers[0].restart_policy.kind = api::RestartPolicy::Kind::kNo;
       Find(now, "vm-runner").status = ContainerStatus::kExited;
       Find(now, "vm-runner").exit_code = 3;
     },
     ""},
    {"AFailureUnderOnFailureIsStarted",
     [](auto& host, auto& now) {
       host.containers[0].restart_policy.kind = api::RestartPolicy::Kind::kOnFailure;
       Find(now, "vm-runner").status = ContainerStatus::kExited;
       Find(now, "vm-runner").exit_code = 3;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 3)\n"},
};
INSTANTIATE_TEST_SUITE_P(State, ContainerPlan, ::testing::ValuesIn(kStates), CaseName);

const PlanCase kLive[] = {
    {"MemoryChangedByHandIsPutBackWithItsSwap",
     [](auto& host, auto& now) {
       host.containers[0].config.resources.memory = int64_t{2} << 30;
       Find(now, "vm-runner").resources.memory = int64_t{1} << 30;
       Find(now, "vm-runner").resources.memory_swap = int64_t{2} << 30;
     },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    resources.memory: 1g -> 2g\n"},
    {"ALimitAddedByTheDocumentIsSetInPlace",
     [](auto& host, auto&) { host.containers[0].config.resources.nano_cpus = 1'500'000'000; },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    resources.cpus: none -> 1.5\n"},
    {"ALimitDroppedByTheDocumentIsAReplacement",
     [](auto&, auto& now) {
       Find(now, "vm-runner").resources.nano_cpus = 1'000'000'000;
       Find(now, "vm-runner").labels[api::kLabelLimits] = "cpus";
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    resources.cpus: 1 -> none\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ALimitSetInPlaceAndDroppedIsAReplacementToo",
     [](auto&, auto& now) {
       Find(now, "vm-runner").resources.nano_cpus = 1'000'000'000;
       now.facts.limits_set[FakeId("vm-runner")] = {"cpus"};
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    resources.cpus: 1 -> none\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ALimitAddedByHandIsReported",
     [](auto&, auto& now) { Find(now, "vm-runner").resources.nano_cpus = 1'000'000'000; },
     "container/vm-runner  LimitNotRemovable: resources.cpus is 1, set by hand and not in the document; "
     "Docker cannot take a limit away "
     "from a living container: put the value into the document, or remove the container\n"},
    {"PidsAddedByHandAreTakenAway",
     [](auto&, auto& now) { Find(now, "vm-runner").resources.pids_limit = 50; },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    resources.pids: 50 -> none\n"},
    {"TheRestartPolicyIsPutBack",
     [](auto&, auto& now) {
       Find(now, "vm-runner").restart_policy = {"no", 0};
     },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    restartPolicy: no -> unless-stopped\n"},
    {"IgnoredDriftIsLeftAlone",
     [](auto& host, auto& now) {
       host.containers[0].config.resources.memory = int64_t{2} << 30;
       host.containers[0].ignore_drift = {"resources.memory", "restartPolicy"};
       Find(now, "vm-runner").resources.memory = int64_t{1} << 30;
       Find(now, "vm-runner").restart_policy = {"no", 0};
     },
     ""},
    {"AKernelWithoutSwapAccountingIsNoDrift",
     [](auto& host, auto& now) {
       host.containers[0].config.resources.memory = int64_t{2} << 30;
       Find(now, "vm-runner").resources = {std::nullopt, int64_t{2} << 30, -1, std::nullopt, std::nullopt};
     },
     ""},
    {"MoreCpusThanTheHostHasIsSaidAndNotTried",
     [](auto& host, auto&) { host.containers[0].config.resources.nano_cpus = 8'000'000'000; },
     "container/vm-runner  CpusExceedHost: resources.cpus is 8, but this host has 2 CPUs and Docker refuses "
     "more: lower it, or use a larger "
     "machine\n"},
};
INSTANTIATE_TEST_SUITE_P(LiveFields, ContainerPlan, ::testing::ValuesIn(kLive), CaseName);

const PlanCase kAttachments[] = {
    {"ADetachedOneIsConnectedAgain", [](auto&, auto& now) { Find(now, "vm-runner").networks.clear(); },
     "container/vm-runner  ConnectNetwork 6861726e6573 <- 766d2d72756e  (detached from the network)\n"},
    {"ARunningOneWithoutItsAliasIsTakenOffFirst",
     [](auto& host, auto&) { host.containers[0].config.aliases.push_back("runner"); },
     "container/vm-runner  DisconnectNetwork 6861726e6573 x 766d2d72756e  (an alias is missing)\n"
     "container/vm-runner  ConnectNetwork 6861726e6573 <- 766d2d72756e  (an alias is missing)\n"},
    {"TheHostnameIsNoMissingAlias",
     [](auto&, auto& now) { Find(now, "vm-runner").networks["harness"].aliases.clear(); }, ""},
    {"AStoppedOneOnAStaleNetworkIsConnectedAndStarted",
     [](auto&, auto& now) {
       Find(now, "vm-runner").networks["harness"].network_id = FakeId("old");
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     "container/vm-runner  ConnectNetwork 6861726e6573 <- 766d2d72756e  (attached to a network that is "
     "gone)\n"
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"},
    {"AnEmptyNetworkIdIsNotStale",
     [](auto&, auto& now) {
       Find(now, "vm-runner").networks["harness"].network_id = "";
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"},
    {"AHandConnectedSecondNetworkIsTolerated",
     [](auto&, auto& now) {
       Find(now, "vm-runner").networks["other"] = {FakeId("other"), "", {}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Attachment, ContainerPlan, ::testing::ValuesIn(kAttachments), CaseName);

constexpr char kSwapTail[] =
    "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
    "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
    "container/vm-runner  StartContainer vm-runner  (created)\n";

const PlanCase kReplacements[] = {
    {"ANewImageIsPulledAndCreatedBeforeTheOldOneIsStopped",
     [](auto& host, auto& now) {
       host.containers[0].config.image = "runner:2";
       host.containers[0].config.stop_timeout = absl::Seconds(300);
       SetSpec(host.containers[0], "v1:runner-2");
       Find(now, "vm-runner").stop_timeout = absl::Seconds(300);
       now.images["runner:2"] = std::nullopt;
     },
     std::string("container/vm-runner  PullImage runner:2  (image not on this host)\n"
                 "container/vm-runner  CreateContainer vm-runner.next from runner:2  (spec changed)\n"
                 "    image: runner:1 -> runner:2\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 5m  (replaced)\n") +
         kSwapTail},
    {"AnotherImageUnderTheSameTagIsAReplacement",
     [](auto&, auto& now) { now.images["runner:1"]->id = "sha256:moved"; },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    image: runner:1 (runner:1) -> runner:1 (moved)\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n") +
         kSwapTail},
    {"AnImageThatWasRemovedLocallyIsNoDrift", [](auto&, auto& now) { now.images["runner:1"] = std::nullopt; },
     ""},
    {"ARotatedSecretIsAReplacementAndNeverShown",
     [](auto& host, auto& now) {
       host.containers[0].secret_env["TOKEN"] = {};
       Find(now, "vm-runner").env["TOKEN"] = "old-canary";
       now.facts.secret_env["vm-runner/TOKEN"] = {"new-canary", ""};
     },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    env.TOKEN: *** -> *** (new value)\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n") +
         kSwapTail},
    {"AnUnavailableSecretLeavesWhatRuns",
     [](auto& host, auto& now) {
       SetSpec(host.containers[0], "v1:runner-2");
       host.containers[0].secret_env["TOKEN"] = {};
       now.facts.secret_env["vm-runner/TOKEN"] = {std::nullopt, "open /etc/token: No such file or directory"};
     },
     "container/vm-runner  SecretUnavailable: env.TOKEN has no value: open /etc/token: No such file or "
     "directory\n"},
    {"AnInvalidPoolLeavesWhatRunsButStillRepairsIt",
     [](auto& host, auto& now) {
       SetSpec(host.containers[0], "v1:runner-2");
       host.blocked.push_back({"vm-runner", api::reason::kInvalidPool, "pool.yaml:3:1: bad"});
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"
     "container/vm-runner  InvalidPool: pool.yaml:3:1: bad\n"},
    {"APullThatBacksOffDoesNotHoldUpTheRepairOfTheOldOne",
     [](auto& host, auto& now) {
       host.containers[0].config.image = "runner:2";
       SetSpec(host.containers[0], "v1:runner-2");
       now.images["runner:2"] = std::nullopt;
       now.facts.pulls_backing_off = {"runner:2"};
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     std::string("container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"
                 "container/vm-runner  PullImage runner:2  (image not on this host; waits)\n"
                 "container/vm-runner  CreateContainer vm-runner.next from runner:2  (spec changed)\n"
                 "    image: runner:1 -> runner:2\n") +
         kSwapTail +
         "container/vm-runner  waits for image runner:2 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"AnImageThatMustNotBePulledLeavesTheOldOne",
     [](auto& host, auto& now) {
       host.containers[0].config.image = "runner:2";
       host.containers[0].pull_policy = api::PullPolicy::kNever;
       SetSpec(host.containers[0], "v1:runner-2");
       now.images["runner:2"] = std::nullopt;
     },
     "container/vm-runner  ImageNeverPulled: image runner:2 is not on this host and imagePullPolicy is "
     "Never: load it (docker load), or "
     "choose IfNotPresent\n"},
    {"ADifferenceThatInspectDoesNotShowIsSummedUp",
     [](auto& host, auto&) { SetSpec(host.containers[0], "v1:runner-2"); },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    spec: v1:runner-1 -> v1:runner-2\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n") +
         kSwapTail},
    {"APausedOneIsUnpausedBeforeItsStop",
     [](auto& host, auto& now) {
       SetSpec(host.containers[0], "v1:runner-2");
       Find(now, "vm-runner").status = ContainerStatus::kPaused;
     },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    spec: v1:runner-1 -> v1:runner-2\n"
                 "container/vm-runner  UnpauseContainer 766d2d72756e  (a paused container cannot be stopped "
                 "gracefully)\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n") +
         kSwapTail},
};
INSTANTIATE_TEST_SUITE_P(Replacement, ContainerPlan, ::testing::ValuesIn(kReplacements), CaseName);

// Every state between two calls of a replacement is a legal starting point. v1:runner-1 is wanted below.
const PlanCase kInterrupted[] = {
    {"ASuccessorThatWasCreatedIsUsed",
     [](auto& host, auto& now) {
       Find(now, "vm-runner").labels[api::kLabelSpecHash] = "v1:runner-0";
       AddPart(now, host.containers[0], "vm-runner.next", "v1:runner-1", ContainerStatus::kCreated);
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ASuccessorOfAnotherSpecIsRemovedFirst",
     [](auto& host, auto& now) {
       Find(now, "vm-runner").labels[api::kLabelSpecHash] = "v1:runner-0";
       AddPart(now, host.containers[0], "vm-runner.next", "v1:runner-x", ContainerStatus::kCreated);
     },
     std::string("container/vm-runner  RemoveContainer 6e6578740000  (no longer wanted)\n"
                 "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    spec: v1:runner-0 -> v1:runner-1\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n") +
         kSwapTail},
    {"BetweenTheTwoRenamesTheSuccessorGoesOn",
     [](auto& host, auto& now) {
       Erase(now, "vm-runner");
       AddPart(now, host.containers[0], "vm-runner.next", "v1:runner-1", ContainerStatus::kCreated);
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-0", ContainerStatus::kExited);
     },
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (its replacement was interrupted)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"BetweenTheTwoRenamesWithoutAUsableSuccessorTheOldOneComesBack",
     [](auto& host, auto& now) {
       Erase(now, "vm-runner");
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-1", ContainerStatus::kExited);
     },
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (its replacement was interrupted)\n"
     "container/vm-runner  StartContainer 70726576696f  (its replacement was interrupted)\n"},
    {"RenamedAndNotStartedIsStarted",
     [](auto& host, auto& now) {
       Find(now, "vm-runner").status = ContainerStatus::kCreated;
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-0", ContainerStatus::kExited);
     },
     "container/vm-runner  StartContainer 766d2d72756e  (created and never started)\n"
     "container/vm-runner  waits for its new container to be running  (RollingOut)\n"},
    {"AnUnsettledSuccessorThatIsReplacedAgainKeepsTheProvedOne",
     [](auto& host, auto& now) {
       Find(now, "vm-runner").labels[api::kLabelSpecHash] = "v1:runner-0";
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-p", ContainerStatus::kExited);
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-0 -> v1:runner-1\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (replaced before it had settled)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARevertBringsTheOldContainerBackItself",
     [](auto& host, auto& now) {
       Find(now, "vm-runner").labels[api::kLabelSpecHash] = "v1:runner-2";
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-1", ContainerStatus::kExited);
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (its predecessor is wanted again)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (its predecessor is wanted again)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (wanted again)\n"
     "container/vm-runner  StartContainer 70726576696f  (wanted again)\n"},
};
INSTANTIATE_TEST_SUITE_P(Interrupted, ContainerPlan, ::testing::ValuesIn(kInterrupted), CaseName);

const PlanCase kObstacles[] = {
    {"AForeignHolderOfTheNameIsNamedAndLeftAlone",
     [](auto&, auto& now) { Find(now, "vm-runner").labels.clear(); },
     "container/vm-runner  conflict: container vm-runner (766d2d72756e, image runner:1) was not made by "
     "spacelet and is left alone: stop and "
     "remove it, or rename it (docker rename vm-runner vm-runner-old)\n"},
    {"AForeignHolderOfASideNameHoldsUpOnlyReplacements",
     [](auto& host, auto& now) {
       AddPart(now, host.containers[0], "vm-runner.next", "", ContainerStatus::kExited).labels.clear();
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"
     "container/vm-runner  conflict: container vm-runner.next (6e6578740000, image runner:1) was not made by "
     "spacelet and is left alone: stop "
     "and remove it, or rename it (docker rename vm-runner.next vm-runner.next-old)\n"},
    {"ARivalThatBlocksHoldsUpTheCreation",
     [](auto&, auto& now) {
       Erase(now, "vm-runner");
       now.rivals.push_back({{}, "container web holds port 127.0.0.1:3000", "container/vm-runner", true});
     },
     "container/vm-runner  conflict: container web holds port 127.0.0.1:3000\n"},
    {"ARivalThatDoesNotBlockIsOnlyReported",
     [](auto&, auto& now) {
       Erase(now, "vm-runner");
       now.rivals.push_back({{}, "upgrader", "container/vm-runner", false});
     },
     "container/vm-runner  CreateContainer vm-runner from runner:1  (not found)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"
     "container/vm-runner  conflict: upgrader\n"},
    {"TheDelegateWaitsForTheRunnerButItsImageDoesNot",
     [](auto&, auto& now) {
       Erase(now, "docker-delegate");
       now.images["delegate:1"] = std::nullopt;
       now.facts.ready["vm-runner"] = false;
     },
     "container/docker-delegate  PullImage delegate:1  (image not on this host)\n"
     "container/docker-delegate  CreateContainer docker-delegate from delegate:1  (not found; waits)\n"
     "container/docker-delegate  StartContainer docker-delegate  (created; waits)\n"
     "container/docker-delegate  waits for container/vm-runner to be Ready  (WaitingForDependency)\n"},
    {"AWaitForADependencyEnds",
     [](auto& host, auto& now) {
       Erase(now, "docker-delegate");
       now.facts.ready.clear();
       now.facts.waited_out = {"docker-delegate"};
       host.containers[1].dependency_deadline = absl::Minutes(10);
     },
     "container/docker-delegate  CreateContainer docker-delegate from delegate:1  (not found)\n"
     "container/docker-delegate  StartContainer docker-delegate  (created)\n"
     "container/docker-delegate  WaitingForDependency: created although container/vm-runner was not ready "
     "within 10m\n"},
    {"ARepairNeverWaitsForADependency",
     [](auto&, auto& now) {
       now.facts.ready["vm-runner"] = false;
       Find(now, "docker-delegate").status = ContainerStatus::kExited;
     },
     "container/docker-delegate  StartContainer 646f636b6572  (exited with code 0)\n"},
};
INSTANTIATE_TEST_SUITE_P(Obstacle, ContainerPlan, ::testing::ValuesIn(kObstacles), CaseName);

TEST(ContainerPlanCreate, PutsSecretsIntoTheRequestAndNotIntoTheText) {
  desired::Host host = DesiredHost();
  host.containers[0].secret_env["TOKEN"] = {};
  host.containers[0].files.push_back({"/etc/key", "", api::SecretSource{}, 0600});
  plan::ObservedState now = Converged(host);
  Erase(now, "vm-runner");
  now.facts.secret_env["vm-runner/TOKEN"] = {"canary-one", ""};
  now.facts.secret_files["vm-runner//etc/key"] = {"canary-two", ""};
  const plan::Plan plan = plan::Compute(host, now);
  ASSERT_EQ(plan.steps.size(), 3u);
  const auto& create = std::get<plan::CreateContainer>(plan.steps[0].operation);
  EXPECT_EQ(create.request.config.env.at("TOKEN"), (docker::EnvVar{"canary-one", true}));
  EXPECT_EQ(std::get<plan::CopyFiles>(plan.steps[1].operation).files,
            (std::vector<docker::FileToCopy>{{"/etc/key", "canary-two", 0600, true}}));
  EXPECT_EQ(plan::ToText(plan).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace spacelet::testing

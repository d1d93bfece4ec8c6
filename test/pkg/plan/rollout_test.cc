// The rollout as a function of what is there: each case is a state that an agent may find when it starts.
#include "pkg/plan/rollout.h"

#include <gtest/gtest.h>

#include "pkg/api/reasons.h"
#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using docker::ContainerStatus;
using Result = api::RolloutRecord::Result;

constexpr char kPrevious[] = "vm-runner.previous", kNext[] = "vm-runner.next";

// The runner was replaced `ago`: the old one waits, stopped, under its side name.
void Swapped(desired::Host& host, plan::ObservedState& now, absl::Duration ago = absl::Minutes(1)) {
  docker::Container& successor = Find(now, "vm-runner");
  successor.started_at = now.taken_at - ago;
  now.facts.probes.erase(successor.id);
  plan::ProbeFact& probe = now.facts.probes[successor.id];
  probe.watched_for = probe.ran_for = ago;
  probe.message = "GET :3000/healthz: 503";
  AddPart(now, host.containers[0], kPrevious, "v1:runner-0", ContainerStatus::kExited).image = "runner:0";
  api::RolloutRecord record;
  record.from = "runner:0";
  record.to = "runner:1";
  record.to_hash = "v1:runner-1";
  now.facts.rollouts["vm-runner"].last = record;
}

// What is wanted now failed before.
api::FailedAttempt& Quarantined(desired::Host& host, plan::ObservedState& now) {
  api::RolloutHistory& history = now.facts.rollouts["vm-runner"];
  if (!history.last) history.last.emplace();
  api::FailedAttempt failed;
  failed.tried = plan::FingerprintOf(host.containers[0], now);
  failed.image = "runner:1";
  failed.message = "crash loop";
  failed.failed_at = now.taken_at - absl::Minutes(1);
  history.failed = {failed};
  return history.failed.back();
}

void RunsOld(plan::ObservedState& now) { Find(now, "vm-runner").labels[api::kLabelSpecHash] = "v1:runner-0"; }

class RolloutPlan : public ::testing::TestWithParam<PlanCase> {};
TEST_P(RolloutPlan, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), GetParam().text);
}

constexpr char kGoesBack[] =
    "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (its successor failed)\n"
    "container/vm-runner  StartContainer 70726576696f  (its successor failed)\n";
constexpr char kSwap[] =
    "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
    "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
    "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (replaces the old one)\n";

const PlanCase kProving[] = {
    {"ASuccessorThatIsNotReadyIsWaitedFor", [](auto& host, auto& now) { Swapped(host, now); },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"ASuccessorThatHasJustBecomeReadyIsWaitedFor",
     [](auto& host, auto& now) {
       Swapped(host, now);
       now.facts.probes[FakeId("vm-runner")] = {true, true, absl::Seconds(3), absl::Minutes(1), "", ""};
     },
     "container/vm-runner  waits for its new container to be ready for 10s  (RollingOut)\n"},
    {"ASuccessorThatHasProvedItselfFreesTheOldOne",
     [](auto& host, auto& now) {
       Swapped(host, now);
       now.facts.probes[FakeId("vm-runner")] = {true, true, absl::Seconds(10), absl::Minutes(1), "", ""};
     },
     "container/vm-runner  RemoveContainer 70726576696f  (its successor has proved itself)\n"},
    {"AnOldOneThatDockerStartedAgainIsStopped",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Find(now, kPrevious).status = ContainerStatus::kRunning;
     },
     "container/vm-runner  StopContainer 70726576696f within 10s  (its successor is there)\n"
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"AHostThatWasOffForTheNightCostsTheSuccessorNothing",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Seconds(5));
       Find(now, "vm-runner").created_at = now.taken_at - absl::Hours(12);
       Find(now, kPrevious).finished_at = now.taken_at - absl::Hours(12);
     },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"ADeadlineThatPassedWhileTheAgentWasAwayWaitsForAnAnswer",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Minutes(11));
       now.facts.probes[FakeId("vm-runner")].watched_for = absl::Seconds(1);
     },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
};
INSTANTIATE_TEST_SUITE_P(Proving, RolloutPlan, ::testing::ValuesIn(kProving), CaseName);

const PlanCase kFailing[] = {
    {"OneThatIsNotReadyInTimeIsGivenUp", [](auto& host, auto& now) { Swapped(host, now, absl::Minutes(10)); },
     std::string(
         "container/vm-runner  StopContainer 766d2d72756e within 10s  "
         "(not ready within 10m: GET :3000/healthz: 503)\n"
         "container/vm-runner  RemoveContainer 766d2d72756e  (not ready within 10m: GET :3000/healthz: "
         "503)\n") +
         kGoesBack},
    {"ARefusedStartCountsAtOnce",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Find(now, "vm-runner").status = ContainerStatus::kCreated;
       Find(now, "vm-runner").started_ever = false;
       Find(now, "vm-runner").error = "exec: \"nope\": not found";
     },
     std::string(
         "container/vm-runner  RemoveContainer 766d2d72756e  (Docker refused to start it: exec: \"nope\": "
         "not found)\n") +
         kGoesBack},
    {"ACrashLoopCountsAtOnce",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Seconds(2));
       Find(now, "vm-runner").status = ContainerStatus::kRestarting;
       Find(now, "vm-runner").restart_count = 3;
       Find(now, "vm-runner").exit_code = 1;
     },
     std::string("container/vm-runner  StopContainer 766d2d72756e within 10s  "
                 "(crash loop: restarted 3 times, last exit code 1)\n"
                 "container/vm-runner  RemoveContainer 766d2d72756e  "
                 "(crash loop: restarted 3 times, last exit code 1)\n") +
         kGoesBack},
    {"OneThatIsNotAliveCountsAtOnce",
     [](auto& host, auto& now) {
       Swapped(host, now);
       now.facts.probes[FakeId("vm-runner")].unalive = "startup probe failed: 503";
     },
     std::string("container/vm-runner  StopContainer 766d2d72756e within 10s  (startup probe failed: 503)\n"
                 "container/vm-runner  RemoveContainer 766d2d72756e  (startup probe failed: 503)\n") +
         kGoesBack},
    {"AClockThatIsSetMakesItNeitherTooSlowNorTooFast",
     [](auto& host, auto& now) {
       Swapped(host, now);
       now.taken_at += absl::Hours(24);
     },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"AClockThatIsSetBackDoesNotKeepItWaiting",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Minutes(10));
       now.taken_at -= absl::Hours(24);
       host.containers[0].rollout.auto_rollback = false;
     },
     "container/vm-runner  ProgressDeadlineExceeded: not ready within 10m: GET :3000/healthz: 503; "
     "rollout.autoRollback is false\n"},
    {"WithoutAutoRollbackItStaysAndSaysSo",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Minutes(10));
       host.containers[0].rollout.auto_rollback = false;
     },
     "container/vm-runner  ProgressDeadlineExceeded: not ready within 10m: GET :3000/healthz: 503; "
     "rollout.autoRollback is false\n"},
    {"AFailedOneIsNotGivenUpForAnOldOneThatDockerCouldNotKeep",
     [](auto& host, auto& now) {
       Swapped(host, now, absl::Minutes(10));
       Find(now, kPrevious).status = ContainerStatus::kRemoving;
     },
     "container/vm-runner  ProgressDeadlineExceeded: not ready within 10m: GET :3000/healthz: 503; "
     "Docker no longer has the old container\n"},
    {"ADeadSuccessorIsMadeAgainFromTheOneThatWasPutAside",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Find(now, "vm-runner").status = ContainerStatus::kDead;
     },
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.dead-766d2d72756e  (Docker failed to "
     "remove it)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (its replacement was interrupted)\n"
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    image: runner:0 -> runner:1\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ADeadOldOneGetsOutOfTheWayOfItsSuccessor",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Find(now, kPrevious).status = ContainerStatus::kDead;
     },
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner.dead-70726576696f  (Docker failed to "
     "remove it)\n"
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"ANewerDocumentInterruptsAFailingOneAtOnce",
     [](auto& host, auto& now) {
       Swapped(host, now);
       SetSpec(host.containers[0], "v1:runner-2");
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-1 -> v1:runner-2\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (replaced before it had settled)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARevertTakesTheOldOneBack",
     [](auto& host, auto& now) {
       Swapped(host, now);
       SetSpec(host.containers[0], "v1:runner-0");
       Find(now, kPrevious).image = "runner:1";
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (its predecessor is wanted again)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (its predecessor is wanted again)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (wanted again)\n"
     "container/vm-runner  StartContainer 70726576696f  (wanted again)\n"},
};
INSTANTIATE_TEST_SUITE_P(Failing, RolloutPlan, ::testing::ValuesIn(kFailing), CaseName);

const char kRolledBack[] =
    "container/vm-runner  RolledBack: runner:1 failed: crash loop. The old container was kept. It is not "
    "tried "
    "again until the document, the image, a secret or the pool changes or the agent gets a SIGHUP\n";

const PlanCase kQuarantine[] = {
    {"WhatHasFailedIsNotTriedAgain",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now);
     },
     kRolledBack},
    {"AgentKilledAfterTheVerdictGoesOnGoingBack",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Quarantined(host, now);
     },
     std::string("container/vm-runner  StopContainer 766d2d72756e within 10s  (crash loop)\n"
                 "container/vm-runner  RemoveContainer 766d2d72756e  (crash loop)\n") +
         kGoesBack},
    {"AgentKilledBetweenRemovalAndRenameGoesOnGoingBack",
     [](auto& host, auto& now) {
       Swapped(host, now);
       Quarantined(host, now);
       Erase(now, "vm-runner");
     },
     kGoesBack},
    {"TheOldOneIsStillRepaired",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now);
       now.facts.rollouts["vm-runner"].last->result = api::RolloutRecord::Result::kRolledBack;
       Find(now, "vm-runner").status = ContainerStatus::kExited;
     },
     std::string("container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n") + kRolledBack},
    {"AgentKilledBeforeTheStartSaysWhyTheOldOneDoesNotRun",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now);
       api::RolloutRecord under_way;
       under_way.to_hash = "v1:runner-1";
       now.facts.rollouts["vm-runner"].last = under_way;
       Find(now, "vm-runner").status = ContainerStatus::kExited;
       Find(now, "vm-runner").exit_code = 143;
     },
     std::string("container/vm-runner  StartContainer 766d2d72756e  (its successor failed)\n") + kRolledBack},
    {"ATagThatIsFollowedIsStillFollowed",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now);
       host.containers[0].auto_update_interval = absl::Hours(1);
       now.images["runner:1"]->repo_digests = {"runner@sha256:bad"};
       now.facts.remote_digests["runner:1"] = {"sha256:good", ""};
     },
     std::string("container/vm-runner  PullImage runner:1  (the registry has a newer one)\n") + kRolledBack},
    {"WithNothingElseThereItIsMadeAllTheSame",
     [](auto& host, auto& now) {
       Quarantined(host, now);
       Erase(now, "vm-runner");
     },
     "container/vm-runner  CreateContainer vm-runner from runner:1  (not found)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"AnotherImageUnderTheTagIsTried",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now).tried.image_id = "sha256:other";
       Find(now, "vm-runner").image = "runner:0";
     },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    image: runner:0 -> runner:1\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
                 "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
                 "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
                 "container/vm-runner  StartContainer vm-runner  (created)\n")},
    {"AnInconclusiveOneIsTriedAgainLater",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now).retry_at = now.taken_at + absl::Minutes(5);
     },
     "container/vm-runner  Inconclusive: runner:1 failed: crash loop. The old container was kept. It was not "
     "ready "
     "either, so this is tried again in 5m\n"},
    {"ATimeFurtherAwayThanAnyThatIsEverSetIsOfAClockThatWasAhead",
     [](auto& host, auto& now) {
       RunsOld(now);
       Quarantined(host, now).retry_at = now.taken_at + absl::Hours(24 * 365 * 10);
     },
     std::string("container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
                 "    spec: v1:runner-0 -> v1:runner-1\n"
                 "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
                 "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
                 "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
                 "container/vm-runner  StartContainer vm-runner  (created)\n")},
};
INSTANTIATE_TEST_SUITE_P(Quarantine, RolloutPlan, ::testing::ValuesIn(kQuarantine), CaseName);

void StartFirst(desired::Host& host) {
  host.containers[0].rollout.strategy = api::Rollout::Strategy::kStartFirst;
}

const PlanCase kStartFirst[] = {
    {"StartFirstMakesTheNewOneBesideTheOld",
     [](auto& host, auto& now) {
       StartFirst(host);
       RunsOld(now);
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-0 -> v1:runner-1\n"
     "container/vm-runner  StartContainer vm-runner.next  (created)\n"},
    {"StartFirstWaitsForTheNewOne",
     [](auto& host, auto& now) {
       StartFirst(host);
       RunsOld(now);
       AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kRunning).started_at =
           now.taken_at;
     },
     "container/vm-runner  waits for its new container to be ready  (RollingOut)\n"},
    {"StartFirstSwapsOnceTheNewOneIsReady",
     [](auto& host, auto& now) {
       StartFirst(host);
       RunsOld(now);
       const auto& next = AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kRunning);
       now.facts.probes[next.id] = {true, true, absl::Minutes(1), absl::Minutes(1), "", ""};
     },
     kSwap},
    {"StartFirstNeverTouchesTheOldOneWhenTheNewOneFails",
     [](auto& host, auto& now) {
       StartFirst(host);
       RunsOld(now);
       auto& next = AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kRestarting);
       next.restart_count = 4;
       next.exit_code = 2;
     },
     "container/vm-runner  StopContainer 6e6578740000 within 10s  (crash loop: restarted 4 times, last exit "
     "code "
     "2)\n"
     "container/vm-runner  RemoveContainer 6e6578740000  (crash loop: restarted 4 times, last exit code "
     "2)\n"},
};
INSTANTIATE_TEST_SUITE_P(StartFirst, RolloutPlan, ::testing::ValuesIn(kStartFirst), CaseName);

void Draining(desired::Host& host, plan::ObservedState& now, std::optional<double> tasks) {
  host.containers[0].drain = desired::DrainMetric{3000, "/metrics", "running"};
  RunsOld(now);
  AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kCreated).created_at =
      now.taken_at - absl::Minutes(1);
  now.facts.drains[FakeId("vm-runner")] = {tasks.has_value(), tasks.value_or(0)};
}
constexpr char kHeldSwap[] =
    "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced; waits)\n"
    "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced; waits)\n"
    "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (replaces the old one; waits)\n"
    "container/vm-runner  StartContainer vm-runner  (created; waits)\n";

const PlanCase kDrain[] = {
    {"RunningTasksAreWaitedFor", [](auto& host, auto& now) { Draining(host, now, 2); },
     std::string(kHeldSwap) +
         "container/vm-runner  waits for 2 running tasks of vm-runner to be 0  (Draining)\n"},
    {"NoTaskNoWait", [](auto& host, auto& now) { Draining(host, now, 0); },
     std::string(kSwap) + "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"WhereTheMetricDoesNotAnswerTheGraceIsTheDrain",
     [](auto& host, auto& now) { Draining(host, now, std::nullopt); },
     std::string(kSwap) + "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"AfterTheTimeoutItProceeds",
     [](auto& host, auto& now) {
       Draining(host, now, 2);
       host.containers[0].rollout.drain_timeout = absl::Minutes(1);
     },
     std::string(kSwap) + "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"AClockThatIsSetBackDoesNotProlongIt",
     [](auto& host, auto& now) {
       Draining(host, now, 2);
       host.containers[0].rollout.drain_timeout = absl::Minutes(1);
       now.taken_at -= absl::Hours(24);
       now.facts.drains[FakeId("vm-runner")].waited_for = absl::Minutes(1);
     },
     std::string(kSwap) + "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"OrDefers",
     [](auto& host, auto& now) {
       Draining(host, now, 2);
       host.containers[0].rollout.drain_timeout = absl::Minutes(1);
       host.containers[0].rollout.on_drain_timeout = api::Rollout::OnDrainTimeout::kDefer;
     },
     std::string(kHeldSwap) +
         "container/vm-runner  waits for 2 running tasks of vm-runner to be 0  (Draining)\n"},
};
INSTANTIATE_TEST_SUITE_P(Drain, RolloutPlan, ::testing::ValuesIn(kDrain), CaseName);

void KeepsState(desired::Host& host, plan::ObservedState& now, const std::string& path) {
  host.containers[0].state_file = desired::StateFile{"DB", "/database.sqlite3", "/runner/database.sqlite3",
                                                     "/host/database.sqlite3", "/host/.spacelet/database-"};
  RunsOld(now);
  docker::Container& old = Find(now, "vm-runner");
  if (!path.empty()) old.env["DB"] = path;
  old.labels[api::kLabelSpecHash] = "v1:0123456789abcdef";
  old.mounts.push_back({"/host", "/runner", false});
  const std::vector<docker::Mount> mounts = old.mounts;  // AddPart moves `old`
  AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kCreated).mounts = mounts;
}

std::vector<std::string> Copies(const std::string& path) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  KeepsState(host, now, path);
  std::vector<std::string> steps;
  for (const plan::Step& step : plan::Compute(host, now).steps) {
    if (const auto* copy = std::get_if<plan::CopyOutFile>(&step.operation))
      steps.push_back(copy->container_path + " to " + copy->host_path);
    if (std::holds_alternative<plan::StopContainer>(step.operation)) steps.push_back("stop");
  }
  return steps;
}

TEST(StateFile, IsCopiedBesideBeforeTheNewVersionChangesIt) {
  const std::string copy = "/runner/database.sqlite3 to /host/.spacelet/database-0123456789ab.sqlite3";
  EXPECT_EQ(Copies("/runner/database.sqlite3"), (std::vector<std::string>{copy, "stop", copy}));
}

TEST(StateFile, ALabelThatIsNoHashNamesNoFile) {
  for (const char* label : {"", "v", "v1:", "v1:../../etc/passwd"}) {
    desired::Host host = DesiredHost();
    plan::ObservedState now = Converged(host);
    KeepsState(host, now, "/runner/database.sqlite3");
    Find(now, "vm-runner").labels[api::kLabelSpecHash] = label;
    const std::string text = plan::ToText(plan::Compute(host, now));
    EXPECT_NE(text.find("/host/.spacelet/database-766d2d72756e.sqlite3"), std::string::npos) << label << "\n"
                                                                                             << text;
  }
}

TEST(StateFile, IsTakenOutOfAContainersOwnLayer) {
  const std::string copy = "/database.sqlite3 to /host/database.sqlite3";
  EXPECT_EQ(Copies(""), (std::vector<std::string>{copy, "stop", copy}));
  EXPECT_EQ(Copies("database.sqlite3"), (std::vector<std::string>{copy, "stop", copy}));
}

// The runner was rolled back a minute ago, and its successor had the database.
void WentBack(desired::Host& host, plan::ObservedState& now, int restarts) {
  KeepsState(host, now, "/runner/database.sqlite3");
  Erase(now, kNext);
  Quarantined(host, now);
  docker::Container& old = Find(now, "vm-runner");
  old.status = ContainerStatus::kRestarting;
  old.restart_count = restarts;
  now.facts.state_files = {"/host/database.sqlite3", "/host/.spacelet/database-0123456789ab.sqlite3"};
}

constexpr char kAside[] = "/host/.spacelet/migrated-20260101235900.sqlite3";

std::string PlanOf(const std::function<void(plan::ObservedState&)>& mutate, int restarts = 3) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  WentBack(host, now, restarts);
  mutate(now);
  return plan::ToText(plan::ComputeFor("container/vm-runner", host, now));
}

TEST(StateFile, ComesBackWithARunnerThatCannotOpenWhatItsSuccessorHasChanged) {
  EXPECT_EQ(
      PlanOf([](auto&) {}),
      "container/vm-runner  StopContainer 766d2d72756e within 10s  (it cannot open what its successor has "
      "changed)\n"
      "container/vm-runner  PutBackFile /host/.spacelet/database-0123456789ab.sqlite3 -> "
      "/host/database.sqlite3, which becomes /host/.spacelet/migrated-20260101235900.sqlite3  (it ran "
      "before its successor)\n"
      "container/vm-runner  StartContainer 766d2d72756e  (with its state of before)\n");
}

TEST(StateFile, StaysAsItIsWhereTheRunnerCanDoWithIt) {
  EXPECT_EQ(PlanOf([](auto&) {}, 2).find("PutBackFile"), std::string::npos);
}

TEST(StateFile, ComesBackOnceAndIsSaid) {
  const std::string text = PlanOf([](auto& now) { now.facts.state_files.insert(kAside); });
  EXPECT_EQ(text.find("PutBackFile"), std::string::npos);
  EXPECT_NE(text.find(absl::StrCat("such as VMs that it made, is in ", kAside)), std::string::npos) << text;
}

TEST(StateFile, ComesBackWhereAnAgentDiedBetweenTheTwoRenames) {
  const std::string text = PlanOf(
      [](auto& now) {
        now.facts.state_files.insert(kAside);
        now.facts.state_files.erase("/host/database.sqlite3");
        Find(now, "vm-runner").status = ContainerStatus::kExited;
      },
      0);
  EXPECT_NE(text.find("PutBackFile"), std::string::npos) << text;
}

TEST(StateFile, StaysAsItIsWithoutACopy) {
  EXPECT_EQ(PlanOf([](auto& now) { now.facts.state_files = {"/host/database.sqlite3"}; }).find("PutBackFile"),
            std::string::npos);
}

TEST(StateFile, IsTakenAlongFromAnotherDirectory) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  KeepsState(host, now, "/runner/database.sqlite3");
  Find(now, "vm-runner").mounts[0].source = "/elsewhere";
  const std::string text = plan::ToText(plan::Compute(host, now));
  EXPECT_NE(text.find("-> /host/database.sqlite3  (it lies in /elsewhere/database.sqlite3)"),
            std::string::npos)
      << text;
}

// ---- the history that goes with the plans

std::optional<api::RolloutHistory> HistoryAfter(
    const std::function<void(desired::Host&, plan::ObservedState&)>& mutate) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  mutate(host, now);
  const plan::Plan plan = plan::Compute(host, now);
  auto history = plan.histories.find("vm-runner");
  return history == plan.histories.end() ? std::nullopt : std::optional(history->second);
}

TEST(RolloutHistory, AFirstCreationIsNoRollout) {
  EXPECT_EQ(HistoryAfter([](auto&, auto& now) { Erase(now, "vm-runner"); }), std::nullopt);
}

TEST(RolloutHistory, BeginsWithTheFirstPlanOfAReplacement) {
  const auto history = HistoryAfter([](auto&, auto& now) { RunsOld(now); });
  ASSERT_TRUE(history && history->last);
  EXPECT_EQ(history->last->result, Result::kInProgress);
  EXPECT_EQ(history->last->from_hash, "v1:runner-0");
  EXPECT_EQ(history->last->to_hash, "v1:runner-1");
  EXPECT_TRUE(history->last->old_was_ready);
}

TEST(RolloutHistory, SucceedsOnceTheSuccessorHasProvedItself) {
  const auto history = HistoryAfter([](auto& host, auto& now) {
    Swapped(host, now);
    now.facts.probes[FakeId("vm-runner")] = {true, true, absl::Minutes(1), absl::Minutes(1), "", ""};
  });
  ASSERT_TRUE(history && history->last);
  EXPECT_EQ(history->last->result, Result::kSucceeded);
}

TEST(RolloutHistory, EndsWhenItIsWithdrawnBeforeAnythingWasChanged) {
  const auto history = HistoryAfter([](auto&, auto& now) {
    now.facts.rollouts["vm-runner"].last.emplace();
    now.facts.rollouts["vm-runner"].last->to_hash = "v1:runner-2";
  });
  ASSERT_TRUE(history && history->last);
  EXPECT_EQ(history->last->result, Result::kFailed);
}

TEST(RolloutHistory, KnowsWhatWasGivenUpBeforeTheFirstStepBack) {
  const auto history = HistoryAfter([](auto& host, auto& now) { Swapped(host, now, absl::Minutes(10)); });
  ASSERT_TRUE(history && history->failed.size() == 1);
  EXPECT_EQ(history->failed[0].tried.spec_hash, "v1:runner-1");
  EXPECT_EQ(history->failed[0].retry_at, absl::InfiniteFuture());
  EXPECT_EQ(history->last->result, Result::kInProgress);  // RolledBack only when the old one runs
}

TEST(RolloutHistory, IsNotConclusiveWhenTheOldOneWasNotReadyEither) {
  const auto history = HistoryAfter([](auto& host, auto& now) {
    Swapped(host, now, absl::Minutes(10));
    now.facts.rollouts["vm-runner"].last->old_was_ready = false;
  });
  ASSERT_TRUE(history && history->failed.size() == 1);
  EXPECT_EQ(history->failed[0].retry_at, ScenarioTime() + absl::Minutes(10));
}

TEST(RolloutHistory, RemembersThatTheOldOneWasReadyBeforeItWasStopped) {
  const auto history = HistoryAfter([](auto& host, auto& now) {
    RunsOld(now);
    docker::Container& old = Find(now, "vm-runner");
    now.facts.rollouts["vm-runner"] = plan::Begun({}, host.containers[0], old, now);
    old.status = ContainerStatus::kExited;
    now.facts.probes.clear();
    AddPart(now, host.containers[0], kNext, "v1:runner-1", ContainerStatus::kCreated);
  });
  EXPECT_EQ(history, std::nullopt);  // as it was
}

TEST(RolloutHistory, SaysRolledBackOnceTheOldOneRunsAgain) {
  const auto history = HistoryAfter([](auto& host, auto& now) {
    RunsOld(now);
    Quarantined(host, now);
  });
  ASSERT_TRUE(history && history->last);
  EXPECT_EQ(history->last->result, Result::kRolledBack);
  EXPECT_EQ(history->last->message, "crash loop");
}

TEST(RolloutHistory, BecomesInconclusiveWhenTheOldOneDoesNotComeBackToReadiness) {
  const auto history = HistoryAfter([](auto& host, auto& now) {
    RunsOld(now);
    Quarantined(host, now);
    api::RolloutHistory& known = now.facts.rollouts["vm-runner"];
    known.last->result = Result::kRolledBack;
    known.last->finished_at = now.taken_at - absl::Minutes(11);
    Find(now, "vm-runner").started_at = now.taken_at - absl::Minutes(11);
    now.facts.probes[FakeId("vm-runner")] = {
        false, false, {}, absl::Minutes(11), "refused", "", absl::Minutes(11)};
  });
  ASSERT_TRUE(history && history->failed.size() == 1);
  EXPECT_EQ(history->last->result, Result::kInconclusive);
  EXPECT_EQ(history->failed[0].retry_at, ScenarioTime() + absl::Minutes(10));
}

TEST(RolloutHistory, RetriesOfTheInconclusiveBackOffToTwoHours) {
  EXPECT_EQ(plan::RetryDelay(1), absl::Minutes(10));
  EXPECT_EQ(plan::RetryDelay(2), absl::Minutes(20));
  EXPECT_EQ(plan::RetryDelay(9), absl::Hours(2));
}

TEST(PairOrder, ADependentIsRolledOutAfterItsDependency) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  SetSpec(host.containers[0], "v1:runner-2");
  SetSpec(host.containers[1], "v1:delegate-2");
  const plan::Plan plan = plan::Compute(host, now);
  for (const plan::Step& step : plan.steps)
    EXPECT_EQ(step.waits, step.object == "container/docker-delegate") << plan::ToText(plan);
  ASSERT_EQ(plan.waiting.size(), 1u);
  EXPECT_EQ(plan.waiting[0].for_what, "container/vm-runner");
}

TEST(PairOrder, ARotatedSecretDoesNotWaitForADependency) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  SetSpec(host.containers[0], "v1:runner-2");
  host.containers[1].secret_env["TOKEN"] = FileSecret("/token");
  now.facts.secret_env["docker-delegate/TOKEN"] = {"new", ""};
  Find(now, "docker-delegate").env["TOKEN"] = "old";
  const plan::Plan plan = plan::Compute(host, now);
  EXPECT_TRUE(plan.waiting.empty()) << plan::ToText(plan);
}

}  // namespace
}  // namespace spacelet::testing

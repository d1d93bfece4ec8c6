// A rollout that has to wait for its time (rollout.splay, rollout.windows), and what never waits for it.
#include <gtest/gtest.h>

#include "pkg/api/reasons.h"
#include "pkg/plan/rollout.h"
#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using docker::ContainerStatus;
using Result = api::RolloutRecord::Result;

constexpr char kRunner[] = "vm-runner";

schedule::Window Window(const std::string& cron, absl::Duration duration, const std::string& zone = "UTC") {
  return {*schedule::Cron::Parse(cron), duration, *schedule::ParseZone(zone)};
}

// The host is looked at on 2026-01-02 at 00:00 UTC, when this is closed.
void AtNight(desired::Host& host) {
  for (desired::Container& c : host.containers) c.turns.windows = {Window("0 2 * * *", absl::Hours(1))};
}
void Open(desired::Host& host) {
  for (desired::Container& c : host.containers) c.turns.windows = {Window("30 23 * * *", absl::Hours(1))};
}
void RunsOld(plan::ObservedState& now) { Find(now, kRunner).labels[api::kLabelSpecHash] = "v1:runner-0"; }
void DueAtNight(desired::Host& host, plan::ObservedState& now) {
  AtNight(host);
  RunsOld(now);
}

class TurnPlan : public ::testing::TestWithParam<PlanCase> {};
TEST_P(TurnPlan, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), GetParam().text);
}

// Steps of the runner, all of which wait or none.
std::string Lines(std::vector<std::string> lines, bool waits) {
  std::string text;
  for (std::string& line : lines) {
    if (waits && line.back() == ')') line.replace(line.size() - 1, 1, "; waits)");
    text += (line.front() == ' ' ? "" : "container/vm-runner  ") + line + "\n";
  }
  return text;
}
const std::vector<std::string> kCreate = {
    "CreateContainer vm-runner.next from runner:1  (spec changed)",
    "    spec: v1:runner-0 -> v1:runner-1",
};
const std::vector<std::string> kStop = {"StopContainer 766d2d72756e within 10s  (replaced)"};
const std::vector<std::string> kRename = {
    "RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)",
    "RenameContainer vm-runner.next -> vm-runner  (replaces the old one)",
    "StartContainer vm-runner  (created)",
};
const std::string kHeldSwap = Lines(kCreate, true) + Lines(kStop, true) + Lines(kRename, true);
const std::string kSwap = Lines(kCreate, false) + Lines(kStop, false) + Lines(kRename, false);
constexpr char kNight[] =
    "container/vm-runner  waits for its turn in a maintenance window to be due at 2026-01-02T02:00:00Z  "
    "(WaitingForWindow)\n";

const PlanCase kWaiting[] = {
    {"AClosedWindowIsWaitedFor", DueAtNight, kHeldSwap + kNight},
    {"AnOpenOneIsNot",
     [](auto& host, auto& now) {
       Open(host);
       RunsOld(now);
     },
     kSwap},
    {"TheTimeIsToldInTheClockOfTheWindow",
     [](auto& host, auto& now) {
       host.containers[0].turns.windows = {Window("30 2 * * mon", absl::Hours(1), "America/Los_Angeles")};
       RunsOld(now);
     },
     kHeldSwap +
         "container/vm-runner  waits for its turn in a maintenance window to be due at 2026-01-05T10:30:00Z "
         "(Mon 02:30:00 in America/Los_Angeles)  (WaitingForWindow)\n"},
    {"TheImageIsPulledMeanwhile",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       host.containers[0].drain.emplace();
       host.containers[0].directories = {{"/runner", 0700, ""}};
       now.images["runner:1"] = std::nullopt;
     },
     "container/vm-runner  PullImage runner:1  (image not on this host)\n"
     "container/vm-runner  CreateDirectory /runner mode 0700  (not found; waits)\n" +
         kHeldSwap + kNight},
    {"APullThatFailedIsTriedAgainLater",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       now.images["runner:1"] = std::nullopt;
       now.facts.pulls_backing_off = {"runner:1"};
       Find(now, kRunner).status = ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"
     "container/vm-runner  PullImage runner:1  (image not on this host; waits)\n" +
         Lines(kCreate, true) + Lines(kRename, true) + kNight +
         "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"APullByPolicyIsNotDoneTwice",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       host.containers[0].pull_policy = api::PullPolicy::kAlways;
     },
     "container/vm-runner  PullImage runner:1  (spec changed, pull policy Always; waits)\n" + kHeldSwap +
         kNight},
    {"WhatRunsIsRepairedMeanwhile",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       Find(now, kRunner).status = ContainerStatus::kPaused;
       host.containers[0].config.resources.memory = int64_t{2} << 30;
     },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    resources.memory: none -> 2g\n"
     "container/vm-runner  UnpauseContainer 766d2d72756e  (paused)\n" +
         Lines(kCreate, true) +
         Lines({"UnpauseContainer 766d2d72756e  (a paused container cannot be stopped gracefully)"}, true) +
         Lines(kStop, true) + Lines(kRename, true) + kNight},
    {"StartFirstWaitsAsWell",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       host.containers[0].rollout.strategy = api::Rollout::Strategy::kStartFirst;
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed; waits)\n"
     "    spec: v1:runner-0 -> v1:runner-1\n"
     "container/vm-runner  StartContainer vm-runner.next  (created; waits)\n" +
         std::string(kNight)},
    {"ASecretsNewValueWaits",
     [](auto& host, auto& now) {
       AtNight(host);
       host.containers[0].secret_env["TOKEN"] = FileSecret("/token");
       now.facts.secret_env["vm-runner/TOKEN"] = {"new", ""};
       Find(now, kRunner).env["TOKEN"] = "old";
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed; waits)\n"
     "    env.TOKEN: *** -> *** (new value)\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced; waits)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced; waits)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one; waits)\n"
     "container/vm-runner  StartContainer vm-runner  (created; waits)\n" +
         std::string(kNight)},
    {"TheDelegateWaitsForTheRunnerOfItsRevision",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       host.containers[1].turns = {};
       Find(now, "docker-delegate").labels[api::kLabelSpecHash] = "v1:delegate-0";
     },
     kHeldSwap +
         "container/docker-delegate  CreateContainer docker-delegate.next from delegate:1  (spec changed; "
         "waits)\n"
         "    spec: v1:delegate-0 -> v1:delegate-1\n"
         "container/docker-delegate  StopContainer 646f636b6572 within 10s  (replaced; waits)\n"
         "container/docker-delegate  RenameContainer 646f636b6572 -> docker-delegate.previous  (replaced; "
         "waits)\n"
         "container/docker-delegate  RenameContainer docker-delegate.next -> docker-delegate  (replaces the "
         "old "
         "one; waits)\n"
         "container/docker-delegate  StartContainer docker-delegate  (created; waits)\n" +
         kNight +
         "container/docker-delegate  waits for container/vm-runner to be its rollout succeeded  "
         "(WaitingForDependency)\n"},
};
INSTANTIATE_TEST_SUITE_P(Waiting, TurnPlan, ::testing::ValuesIn(kWaiting), CaseName);

const PlanCase kAtOnce[] = {
    {"WhatIsAsDesiredHasNothingToWaitFor", [](auto& host, auto&) { AtNight(host); }, ""},
    {"AFirstCreation",
     [](auto& host, auto& now) {
       AtNight(host);
       Erase(now, kRunner);
     },
     "container/vm-runner  CreateContainer vm-runner from runner:1  (not found)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARepair",
     [](auto& host, auto& now) {
       AtNight(host);
       Find(now, kRunner).status = ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"},
    {"AChangeInPlace",
     [](auto& host, auto&) {
       AtNight(host);
       host.containers[0].config.resources.memory = int64_t{2} << 30;
     },
     "container/vm-runner  UpdateContainer 766d2d72756e  (differs from the document)\n"
     "    resources.memory: none -> 2g\n"},
    {"ARemoval",
     [](auto& host, auto&) {
       AtNight(host);
       host.containers.pop_back();
     },
     "container/docker-delegate  StopContainer 646f636b6572 within 10s  (no longer in the document)\n"
     "container/docker-delegate  RemoveContainer 646f636b6572  (no longer in the document)\n"},
    {"WhatHasNeverRun",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       Find(now, kRunner).status = ContainerStatus::kCreated;
       Find(now, kRunner).started_ever = false;
     },
     Lines(kCreate, false) + Lines(kRename, false)},
    {"WhatCrashesAgainAndAgain",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       Find(now, kRunner).status = ContainerStatus::kRestarting;
       Find(now, kRunner).restart_count = 3;
     },
     kSwap},
    {"ARolloutThatHasBegun",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       AddPart(now, host.containers[0], "vm-runner.next", "v1:runner-1", ContainerStatus::kCreated);
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RenameContainer 766d2d72756e -> vm-runner.previous  (replaced)\n"
     "container/vm-runner  RenameContainer 6e6578740000 -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ASuccessorThatIsProved",
     [](auto& host, auto& now) {
       AtNight(host);
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-0", ContainerStatus::kExited);
     },
     "container/vm-runner  RemoveContainer 70726576696f  (its successor has proved itself)\n"},
    {"ARollback",
     [](auto& host, auto& now) {
       AtNight(host);
       Find(now, kRunner).status = ContainerStatus::kRestarting;
       Find(now, kRunner).restart_count = 3;
       now.facts.probes.clear();
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-0", ContainerStatus::kExited);
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (crash loop: restarted 3 times, last exit "
     "code 0)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (crash loop: restarted 3 times, last exit code 0)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (its successor failed)\n"
     "container/vm-runner  StartContainer 70726576696f  (its successor failed)\n"},
    {"AFixForASuccessorThatIsNotProvedYet",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-00", ContainerStatus::kExited);
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    spec: v1:runner-0 -> v1:runner-1\n"
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (replaced)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (replaced before it had settled)\n"
     "container/vm-runner  RenameContainer vm-runner.next -> vm-runner  (replaces the old one)\n"
     "container/vm-runner  StartContainer vm-runner  (created)\n"},
    {"ARevertToWhatWasPutAside",
     [](auto& host, auto& now) {
       DueAtNight(host, now);
       AddPart(now, host.containers[0], "vm-runner.previous", "v1:runner-1", ContainerStatus::kExited);
     },
     "container/vm-runner  StopContainer 766d2d72756e within 10s  (its predecessor is wanted again)\n"
     "container/vm-runner  RemoveContainer 766d2d72756e  (its predecessor is wanted again)\n"
     "container/vm-runner  RenameContainer 70726576696f -> vm-runner  (wanted again)\n"
     "container/vm-runner  StartContainer 70726576696f  (wanted again)\n"},
};
INSTANTIATE_TEST_SUITE_P(AtOnce, TurnPlan, ::testing::ValuesIn(kAtOnce), CaseName);

// ---- what is remembered

class Splayed : public ::testing::Test {
 protected:
  Splayed() {
    host_.host_name = "host-1";
    host_.containers[0].turns.splay = absl::Hours(1);
    RunsOld(now_);
  }
  // As the controller does between two looks.
  plan::Plan Look() {
    plan::Plan plan = plan::ComputeFor("container/vm-runner", host_, now_);
    for (const auto& [name, history] : plan.histories) now_.facts.rollouts[name] = history;
    return plan;
  }
  absl::Time Due() {
    const plan::Plan plan = Look();
    return plan.waiting.empty() ? now_.taken_at : plan.waiting.front().ends_at;
  }
  api::RolloutHistory& history() { return now_.facts.rollouts[kRunner]; }

  desired::Host host_ = DesiredHost();
  plan::ObservedState now_ = Converged(host_);
};

TEST_F(Splayed, TheWaitEndsWhenItSays) {
  const plan::Plan plan = Look();
  EXPECT_TRUE(plan.is_scheduled());
  EXPECT_EQ(plan.waiting.front().reason, api::reason::kWaitingForSplay);
  EXPECT_EQ(now_.taken_at + plan.look_again, plan.waiting.front().ends_at);
  now_.taken_at = plan.waiting.front().ends_at;
  EXPECT_EQ(plan::ToText(Look()), kSwap);
}

TEST_F(Splayed, ItCountsFromWhenTheRolloutWasFirstWanted) {
  const absl::Time due = Due();
  EXPECT_EQ(history().wanted->since, ScenarioTime());
  now_.taken_at += absl::Minutes(1);
  EXPECT_EQ(Due(), due);
}

TEST_F(Splayed, NothingIsSaidToHaveBegun) {
  Look();
  EXPECT_FALSE(history().last);
  now_.taken_at = Due();
  Look();
  EXPECT_EQ(history().last->result, Result::kInProgress);
  EXPECT_EQ(history().last->started_at, now_.taken_at);
}

TEST_F(Splayed, AnImageThatHasArrivedIsNotAnotherTarget) {
  now_.images["runner:1"] = std::nullopt;
  const absl::Time due = Due();
  now_.images["runner:1"] = docker::Image{"sha256:new", {"runner:1"}, {}, "linux", "amd64"};
  now_.taken_at += absl::Minutes(1);
  EXPECT_EQ(Due(), due);
  now_.images["runner:1"] = std::nullopt;
  EXPECT_EQ(Due(), due);
}

TEST_F(Splayed, AnotherTargetCountsAnew) {
  const auto changes = std::vector<std::function<void()>>{
      [this] { SetSpec(host_.containers[0], "v1:runner-2"); },
      [this] { now_.images["runner:1"]->id = "sha256:moved"; },
      [this] { now_.facts.secret_digests[kRunner] = "another"; },
  };
  for (const auto& change : changes) {
    Look();
    now_.taken_at += absl::Seconds(1);
    change();
    Look();
    EXPECT_EQ(history().wanted->since, now_.taken_at);
  }
}

TEST_F(Splayed, AnotherDocumentWithTheSameTargetDoesNot) {
  const absl::Time due = Due();
  host_.revision = "sha256:another";
  ++host_.generation;
  host_.containers[0].rollout.min_ready_seconds = 99;
  now_.taken_at += absl::Minutes(1);
  EXPECT_EQ(Due(), due);
}

TEST_F(Splayed, WhatIsThereIsWantedNoMore) {
  Look();
  Find(now_, kRunner).labels[api::kLabelSpecHash] = "v1:runner-1";
  Look();
  EXPECT_FALSE(history().wanted);
}

TEST_F(Splayed, AClockThatWasAheadCountsAnew) {
  Look();
  now_.taken_at -= absl::Hours(1000);
  EXPECT_LT(Due(), now_.taken_at + absl::Hours(1));
}

TEST_F(Splayed, LosingTheRecordCostsOneMoreWaitAtMost) {
  const absl::Duration wait = Due() - now_.taken_at;
  now_.taken_at += wait - absl::Seconds(1);
  now_.facts.rollouts.clear();
  EXPECT_EQ(Due(), now_.taken_at + wait);
}

TEST_F(Splayed, ARolloutOfAnEarlierDocumentThatChangedNothingHasEnded) {
  history().last.emplace();
  history().last->to_hash = "v1:runner-00";
  Look();
  EXPECT_EQ(history().last->result, Result::kFailed);
  EXPECT_EQ(history().last->message, "withdrawn before anything was changed");
}

TEST_F(Splayed, HostsWaitForDifferentTimes) {
  const absl::Time first = Due();
  host_.host_name = "host-2";
  const absl::Time second = Due();
  EXPECT_NE(first, second);
  host_.name = "another";
  EXPECT_NE(Due(), second);
  SetSpec(host_.containers[0], "v1:runner-2");
  host_.name = "test";
  EXPECT_NE(Due(), second);
}

// Which may be for days, when that waits for its window.
TEST_F(Splayed, ADelegateThatWaitsForItsRunnerHasNotBegunEither) {
  Find(now_, "docker-delegate").labels[api::kLabelSpecHash] = "v1:delegate-0";
  now_.facts.rolling = {kRunner};
  EXPECT_TRUE(plan::ComputeFor("container/docker-delegate", host_, now_).histories.empty());
  now_.facts.rolling.clear();
  EXPECT_FALSE(plan::ComputeFor("container/docker-delegate", host_, now_).histories.empty());
}

TEST_F(Splayed, WhatElseIsThereToDoIsNotScheduled) {
  EXPECT_TRUE(Look().is_scheduled());
  Find(now_, kRunner).status = ContainerStatus::kPaused;
  EXPECT_FALSE(Look().is_scheduled());
}

}  // namespace
}  // namespace spacelet::testing

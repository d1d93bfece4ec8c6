#include "pkg/plan/container.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/diff.h"
#include "pkg/plan/planner.h"

namespace spacelet::plan {
namespace {

using docker::ContainerStatus;
using Result = api::RolloutRecord::Result;

api::RolloutHistory HistoryOf(const std::string& name, const ObservedState& now) {
  auto history = now.facts.rollouts.find(name);
  return history == now.facts.rollouts.end() ? api::RolloutHistory() : history->second;
}

std::string HowToMakeRoom(const docker::Container& c) {
  const std::string project = ComposeProject(c.labels);
  if (!project.empty())
    return absl::StrCat(
        "docker compose made it and will make it again, take it out of its project (docker compose -p ",
        project, " down)");
  return absl::StrCat("stop and remove it, or rename it (docker rename ", c.name, " ", c.name, "-old)");
}

constexpr char kDead[] = "Docker failed to remove it";

// Docker's own default when neither the create nor the image names one (moby container.DefaultStopTimeout).
constexpr absl::Duration kDefaultStopGrace = absl::Seconds(10);

}  // namespace

absl::Duration StopGrace(const docker::Container& c) { return c.stop_timeout.value_or(kDefaultStopGrace); }

bool IsRunning(const docker::Container& c) {
  return c.status == ContainerStatus::kRunning || c.status == ContainerStatus::kRestarting ||
         c.status == ContainerStatus::kPaused;
}

bool CanComeBack(const docker::Container& c) { return c.status != ContainerStatus::kRemoving; }

bool IsCompleted(const desired::Container& want, const docker::Container& c) {
  if (c.status != ContainerStatus::kExited || !c.started_ever) return false;
  return want.restart_policy.kind == api::RestartPolicy::Kind::kNo ||
         (want.restart_policy.kind == api::RestartPolicy::Kind::kOnFailure && c.exit_code == 0);
}

Planner::Planner(const desired::Host& host, const desired::Container& want, const ObservedState& now)
    : host_(host),
      want_(want),
      now_(now),
      parts_(PartsOf(want, now)),
      object_(ContainerKey(want.name)),
      network_(want.network.empty() ? nullptr : NetworkToUse(want.network, now)),
      quarantine_(Quarantine(want, now)),
      history_(HistoryOf(want.name, now)) {}

Plan Planner::Run() {
  NoteObstacles();
  if (NameIsTaken()) return plan_;
  PutDeadAside();
  KeepOneOfStrays();
  Decide();
  if (history_ != HistoryOf(want_.name, now_)) plan_.histories[want_.name] = history_;
  return std::move(plan_);
}

void Planner::Decide() {
  const docker::Container* wanted = FirstWanted();
  if (quarantine_ != nullptr) {
    KeepTheOld();
  } else if (wanted == nullptr) {
    MakeWanted();
  } else if (wanted == parts_.current) {
    KeepCurrent();
  } else if (wanted == parts_.next) {
    ContinueWithNext();
  } else {
    Restore();
  }
}

void Planner::Add(Operation operation, std::string cause, std::vector<Change> changes, bool waits) {
  plan_.steps.push_back(
      {std::move(operation), object_, std::move(cause), std::move(changes), waits || held_});
}

void Planner::Withhold(const char* reason, std::string message) {
  withheld_ = true;
  plan_.notices.push_back({object_, reason, std::move(message), true});
}

void Planner::Take(ImagePlan image) {
  for (Step& step : image.steps) step.waits = step.waits || held_;
  std::move(image.steps.begin(), image.steps.end(), std::back_inserter(plan_.steps));
  std::move(image.waiting.begin(), image.waiting.end(), std::back_inserter(plan_.waiting));
  std::move(image.notices.begin(), image.notices.end(), std::back_inserter(plan_.notices));
}

// ---- what stands in the way

// Whatever of this is found, what runs goes on running and is repaired; only nothing new is begun.
void Planner::NoteObstacles() {
  NoteForeign();
  for (const desired::Blocked& blocked : host_.blocked)
    if (blocked.container == want_.name) Withhold(blocked.reason.c_str(), blocked.message);
  NoteMissingSecrets();
  if (CpusExceedHost())
    Withhold(api::reason::kCpusExceedHost,
             absl::StrCat("resources.cpus is ", CpusText(want_.config.resources.nano_cpus),
                          ", but this host has ", now_.facts.host_cpus,
                          " CPUs and Docker refuses more: lower it, or use a larger machine"));
}

void Planner::NoteForeign() {
  withheld_ = !parts_.foreign.empty() || !parts_.not_taken.empty();
  if (!parts_.not_taken.empty()) plan_.conflicts.push_back({object_, parts_.not_taken});
  for (const docker::Container* c : parts_.foreign)
    plan_.conflicts.push_back(
        {object_, c->id == now_.self
                      ? absl::StrCat("container ", c->name,
                                     " is the one that spacelet itself runs in: it would "
                                     "stop itself. Give the workload another name")
                      : absl::StrCat("container ", c->name, " (", c->id.substr(0, 12), ", image ", c->image,
                                     ") was not made by spacelet and is left alone: ", HowToMakeRoom(*c))});
  for (const Rival& rival : now_.rivals) {
    const bool taken_over = IsTheirs(parts_.current) && rival.container.id == parts_.current->id;
    if (rival.object != object_ || taken_over) continue;
    withheld_ = withheld_ || rival.blocks;
    plan_.conflicts.push_back({object_, rival.reason});
  }
}

// Started by hand, and to be replaced or gone back to by `takeover`.
bool Planner::IsTheirs(const docker::Container* c) const { return c != nullptr && !IsOwned(c->labels); }

bool Planner::NameIsTaken() const {
  return std::any_of(parts_.foreign.begin(), parts_.foreign.end(),
                     [&](const auto* c) { return c->name == want_.name; });
}

bool Planner::CpusExceedHost() const {
  const auto& cpus = want_.config.resources.nano_cpus;
  return cpus && now_.facts.host_cpus > 0 && *cpus > now_.facts.host_cpus * 1'000'000'000LL;
}

void Planner::NoteMissingSecrets() {
  auto note = [&](const std::map<std::string, SecretValue>& values, const std::string& key,
                  const std::string& what) {
    auto it = values.find(absl::StrCat(want_.name, "/", key));
    if (it != values.end() && it->second.value) return;
    Withhold(api::reason::kSecretUnavailable,
             absl::StrCat(what, " has no value: ", it == values.end() ? "not read yet" : it->second.error));
  };
  for (const auto& [name, source] : want_.secret_env)
    note(now_.facts.secret_env, name, absl::StrCat("env.", name));
  for (const desired::File& file : want_.files)
    if (file.secret) note(now_.facts.secret_files, file.path, absl::StrCat("files ", file.path));
}

// ---- who is who

// What Docker failed to remove can neither be started nor copied from, and the next try may fail as well: it
// gets out of the way, and its removal is not this workload's.
void Planner::PutDeadAside() {
  for (const docker::Container* c : parts_.dead)
    Add(RenameContainer{c->id, DeadName(want_.name, c->id)}, kDead);
}

// Ours under a name that is none of the three: renamed by hand, or the document gave the workload another
// name.
void Planner::KeepOneOfStrays() {
  auto stray = parts_.strays.begin();
  if (stray != parts_.strays.end() && parts_.current == nullptr) {
    Name(**stray, absl::StrCat("named ", (*stray)->name));
    parts_.current = *stray++;
  }
  for (; stray != parts_.strays.end(); ++stray)
    AppendRemoval(**stray, absl::StrCat("a second container of ", want_.component), object_, plan_);
}

void Planner::Name(const docker::Container& current, std::string cause, bool waits) {
  if (current.name == want_.name || std::exchange(named_, true)) return;
  Add(RenameContainer{current.id, want_.name}, std::move(cause), {}, waits);
}

bool Planner::IsWanted(const docker::Container* c) const {
  return c != nullptr && c->status != ContainerStatus::kRemoving && ReplaceReasons(want_, *c, now_).empty();
}

const docker::Container* Planner::FirstWanted() const {
  for (const docker::Container* c : {parts_.current, parts_.next, parts_.previous})
    if (IsWanted(c)) return c;
  return nullptr;
}

// ---- the wanted one is there

void Planner::KeepCurrent() {
  history_.wanted.reset();
  if (parts_.next) Drop(*parts_.next, "left over from a replacement");
  if (parts_.previous) return ProveCurrent();
  Repair(*parts_.current);
  SettleAlone();
  if (!withheld_ && plan_.in_sync()) Take(KeepImage(want_, now_));
}

// The one that was put aside is wanted again (a revert while its successor was not settled).
void Planner::Restore() {
  if (parts_.next) Drop(*parts_.next, "no longer wanted");
  if (parts_.current) {
    history_ = Begun(std::move(history_), want_, *parts_.current, now_);
    Drop(*parts_.current, "its predecessor is wanted again");
  }
  const char* why = parts_.current ? "wanted again" : "its replacement was interrupted";
  Add(RenameContainer{parts_.previous->id, want_.name}, why);
  Repair(*parts_.previous, why);
}

// What is wanted has failed before: what runs stays, what was put aside comes back. Only when there is
// nothing else is it made all the same.
void Planner::KeepTheOld() {
  const bool bad_runs = IsWanted(parts_.current);
  const bool can_go_back = parts_.previous && CanComeBack(*parts_.previous);
  if (!can_go_back && (bad_runs || !parts_.current)) {
    quarantine_ = nullptr;
    return Decide();
  }
  if (parts_.next) Drop(*parts_.next, "it has failed before");
  plan_.rolling.insert(want_.name);
  if (bad_runs) return GoBack(quarantine_->message);
  if (!parts_.current) {
    Add(RenameContainer{parts_.previous->id, want_.name}, kSuccessorFailed);
    return RepairRestored(*parts_.previous, kSuccessorFailed);
  }
  if (parts_.previous) return ProveCurrent();
  if (StateComesBack(*parts_.current)) return PutStateBack(*parts_.current);
  const bool stopped_for_it = history_.last && history_.last->result == Result::kInProgress;
  RepairRestored(*parts_.current, stopped_for_it ? kSuccessorFailed : "");
  history_ = Restored(std::move(history_), want_, *parts_.current, now_);
  NoteGivenUp();
  if (!withheld_) Take(KeepImage(want_, now_));  // a tag that is followed may bring another image to try
}

// ---- entry points

Plan PlanContainer(const desired::Host& desired, const desired::Container& want, const ObservedState& now) {
  return Planner(desired, want, now).Run();
}

void AppendRemoval(const docker::Container& c, const std::string& cause, const std::string& object,
                   Plan& plan) {
  if (c.status == ContainerStatus::kPaused)
    plan.steps.push_back(
        {UnpauseContainer{c.id}, object, "a paused container cannot be stopped gracefully", {}});
  if (IsRunning(c)) plan.steps.push_back({StopContainer{c.id, StopGrace(c)}, object, cause, {}});
  plan.steps.push_back({RemoveContainer{c.id}, object, cause, {}});
}

Plan PlanContainerRemoval(const std::string& name, const desired::Host& desired, const ObservedState& now) {
  Plan plan;
  const std::string object = ContainerKey(name);
  for (const docker::Container& c : now.containers) {
    if (!IsDropped(desired, c) || BaseName(c.name) != name || c.status == ContainerStatus::kRemoving)
      continue;
    if (c.status == ContainerStatus::kDead) {
      if (IsDeadAside(c))
        plan.steps.push_back({RemoveContainer{c.id}, object, kDead, {}});
      else
        plan.steps.push_back({RenameContainer{c.id, DeadName(name, c.id)}, object, kDead, {}});
      continue;
    }
    if (now.facts.removal_pending.contains(name)) {
      plan.waiting.push_back({object, "the prune delay", "over", api::reason::kPendingRemoval});
      return plan;
    }
    AppendRemoval(c, "no longer in the document", object, plan);
  }
  return plan;
}

}  // namespace spacelet::plan

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/diff.h"
#include "pkg/plan/planner.h"

namespace spacelet::plan {
namespace {

using docker::ContainerStatus;
using Result = api::RolloutRecord::Result;

// A container that ended sooner is likely to do so again (moby restartmanager resets its back-off after 10
// s).
constexpr absl::Duration kRanWell = absl::Seconds(10);

std::string WhyReplaced(const docker::Container& old) {
  return IsOwned(old.labels) ? "spec changed" : "taken over";
}

}  // namespace

// ---- the wanted one has to be made

void Planner::MakeWanted() {
  if (!parts_.current && parts_.previous) {
    // Killed between the two renames, and the successor is not wanted any more.
    parts_.current = std::exchange(parts_.previous, nullptr);
    Name(*parts_.current, "its replacement was interrupted");
  }
  if (parts_.current && Vanishing(*parts_.current)) return;
  const ImagePlan image = PrepareImage(want_, now_, "");
  withheld_ = withheld_ || image.blocked();
  if (withheld_ || !image.waiting.empty()) RepairCurrent();
  if (withheld_) return Take({.steps = {}, .waiting = {}, .notices = image.notices});
  if (parts_.next) Drop(*parts_.next, "no longer wanted");
  parts_.next = nullptr;
  parts_.current ? Replace() : CreateFirst();
}

// A removal that Docker has begun holds the name; it is waited for, never raced.
bool Planner::Vanishing(const docker::Container& c) {
  if (c.status != ContainerStatus::kRemoving) return false;
  plan_.waiting.push_back(
      {object_, absl::StrCat("the removal of ", c.id.substr(0, 12)), "done", api::reason::kReconciling});
  return true;
}

void Planner::CreateFirst() {
  Prepare("not found");
  const bool dependency = WaitsForDependency(), network = WaitsForNetwork();
  const bool waits = dependency || network;
  Create(want_.name, "not found", {}, waits);
  Add(StartContainer{want_.name}, "created", {}, waits);
}

void Planner::Replace() {
  plan_.rolling.insert(want_.name);
  const bool early = WaitsForTurn(), alone = WaitsForPair();
  if (early || alone)
    RepairCurrent();
  else
    history_ = Begun(std::move(history_), want_, *parts_.current, now_);
  if (early) FetchAhead();
  held_ = early || alone;
  Revive(*parts_.current);
  StartsFirst() ? CreateBeside() : Swap();
}

// What takes long and disturbs nobody is done by the time its turn has come.
void Planner::FetchAhead() {
  ImagePlan image = plan::FetchAhead(want_, now_);
  fetched_ = !image.steps.empty();
  Take(std::move(image));
}

// A pull takes minutes: what ran well before runs meanwhile. One that keeps ending is not waited for.
void Planner::Revive(const docker::Container& old) {
  if (IsTheirs(&old)) return;
  const bool ran_well = old.started_ever && old.finished_at - old.started_at >= kRanWell;
  const bool down = old.status == ContainerStatus::kExited && !IsCompleted(want_, old) && old.error.empty();
  if (held_ || !down || !ran_well || PrepareImage(want_, now_, "").steps.empty()) return;
  RepairState(old);
  held_ = true;
}

bool Planner::StartsFirst() const {
  return want_.rollout.strategy == api::Rollout::Strategy::kStartFirst && parts_.current != nullptr &&
         IsRunning(*parts_.current);
}

// StartFirst: the old one runs until the new one is ready.
void Planner::CreateBeside() {
  const bool waits = WaitsForNetwork();
  const std::string cause = WhyReplaced(*parts_.current);
  Prepare(cause);
  Create(NextName(want_.name), cause, ReplaceReasons(want_, *parts_.current, now_), waits);
  Add(StartContainer{NextName(want_.name)}, "created", {}, waits);
}

// ---- the successor is there under its temporary name

void Planner::ContinueWithNext() {
  if (withheld_) return RepairCurrent();
  plan_.rolling.insert(want_.name);
  if (parts_.current) history_ = Begun(std::move(history_), want_, *parts_.current, now_);
  StartsFirst() ? ProveBeside() : Swap();
}

void Planner::ProveBeside() {
  const docker::Container& next = *parts_.next;
  const Proof proof =
      next.started_ever || !next.error.empty() ? Prove(want_, next, now_) : Proof{.message = "started"};
  if (proof.state == Proof::State::kProved) return Swap();
  RepairCurrent();
  if (proof.state == Proof::State::kFailed) {
    history_ = GivenUp(std::move(history_), want_, next, proof.message, now_);
    plan_.goes_back = true;
    return Drop(next, proof.message);
  }
  Repair(next);
  WaitForProof(proof);
}

// create .next → stop → rename → rename → start. `next` may be there already, and whatever fails before the
// stop leaves the old one running. The old one stays beside it, stopped, until the new one has proved itself.
void Planner::Swap() {
  const docker::Container* old = parts_.current;
  const std::string next = parts_.next ? parts_.next->id : NextName(want_.name);
  bool waits = WaitsForNetwork();
  if (parts_.next) {
    if (!parts_.next->started_ever) CopyFilesTo(next, waits);
  } else if (old) {  // one of the two is there
    const std::string cause = WhyReplaced(*old);
    Prepare(cause);
    Create(NextName(want_.name), cause, ReplaceReasons(want_, *old, now_), waits);
  }
  waits = (old && !held_ && WaitsForDrain(*old)) || waits;
  Retire(old, waits);
  Add(RenameContainer{next, want_.name}, old ? "replaces the old one" : "its replacement was interrupted", {},
      waits);
  if (!parts_.next || !IsRunning(*parts_.next)) Add(StartContainer{want_.name}, "created", {}, waits);
}

void Planner::Retire(const docker::Container* old, bool waits) {
  if (old == nullptr) {
    if (parts_.previous) Stop(*parts_.previous, "replaced", waits);
    return;
  }
  if (IsRunning(*old)) SaveState(*old, waits);  // what cannot be copied is found while it still runs
  // A stopped stranger is known by its name only.
  Name(*old, "found by what it does", waits);
  Stop(*old, "replaced", waits);
  SaveState(*old, waits);
  // An unproved successor of `previous` is dropped; the proved one stays to fall back on.
  if (parts_.previous) return RemoveOld(*old, "replaced before it had settled", waits);
  // Docker starts a stopped container of these policies again when the daemon restarts.
  if (old->restart_policy.name == "always" || (old->restart_policy.name == "on-failure" && IsTheirs(old)))
    Add(UpdateContainer{old->id, {}, docker::RestartPolicy{"unless-stopped"}}, "stays down", {}, waits);
  Add(RenameContainer{old->id, PreviousName(want_.name)}, "replaced", {}, waits);
}

// The volumes of a hand-started container may be all that somebody has of its data.
void Planner::RemoveOld(const docker::Container& old, const std::string& cause, bool waits) {
  Add(RemoveContainer{old.id, !IsTheirs(&old)}, cause, {}, waits);
}

// ---- the successor runs under its name

void Planner::ProveCurrent() {
  const docker::Container& successor = *parts_.current;
  const docker::Container& previous = *parts_.previous;
  const Proof proof = Prove(want_, successor, now_);
  plan_.rolling.insert(want_.name);
  if (proof.state == Proof::State::kFailed && want_.rollout.auto_rollback && CanComeBack(previous)) {
    if (IsWanted(&successor)) history_ = GivenUp(std::move(history_), want_, successor, proof.message, now_);
    return GoBack(proof.message);
  }
  if (IsRunning(previous)) Stop(previous, "its successor is there");
  Repair(successor);
  if (proof.state == Proof::State::kPending) return WaitForProof(proof);
  if (proof.state == Proof::State::kFailed) {
    history_ = Ended(std::move(history_), Result::kFailed, proof.message, now_);
    const char* why = CanComeBack(previous) ? "; rollout.autoRollback is false"
                                            : "; Docker no longer has the old container";
    return plan_.notices.push_back(
        {object_, api::reason::kProgressDeadlineExceeded, absl::StrCat(proof.message, why), true});
  }
  RemoveOld(previous, "its successor has proved itself");
  history_ = Ended(std::move(history_), Result::kSucceeded, "", now_);
}

// Nothing to go back to: it stays, whatever comes.
void Planner::SettleAlone() {
  const docker::Container& alone = *parts_.current;
  if (!history_.last || history_.last->result != Result::kInProgress) return;
  history_ = Withdrawn(std::move(history_), want_, now_);  // a newer document wants what runs
  if (history_.last->result != Result::kInProgress) return;
  const Proof proof = Prove(want_, alone, now_);
  if (proof.state == Proof::State::kPending) {
    plan_.rolling.insert(want_.name);
    return WaitForProof(proof);
  }
  history_ =
      Ended(std::move(history_), proof.state == Proof::State::kProved ? Result::kSucceeded : Result::kFailed,
            proof.message, now_);
}

// The successor is given up, and the whole old container comes back.
void Planner::GoBack(const std::string& why) {
  plan_.goes_back = true;
  Drop(*parts_.current, why);
  Add(RenameContainer{parts_.previous->id, want_.name}, kSuccessorFailed);
  RepairRestored(*parts_.previous, kSuccessorFailed);
}

void Planner::NoteGivenUp() {
  const bool again = quarantine_->retry_at < absl::InfiniteFuture();
  const absl::Duration wait = quarantine_->retry_at - now_.taken_at;
  if (again) LookAgain(wait);
  plan_.notices.push_back(
      {object_, again ? api::reason::kInconclusive : api::reason::kRolledBack,
       absl::StrCat(quarantine_->image, " failed: ", quarantine_->message, ". The old container was kept. ",
                    again
                        ? absl::StrCat("It was not ready either, so this is tried again in ",
                                       absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1))))
                        : "It is not tried again until the document, the image, a secret or the pool changes "
                          "or the agent gets a SIGHUP",
                    StateNote()),
       true});
}

// ---- pieces

void Planner::Prepare(const std::string& cause) {
  for (const desired::Directory& d : want_.directories)
    if (!now_.facts.directories_present.contains(d.path))
      Add(CreateDirectory{d.path, d.mode, d.owner}, "not found");
  if (want_.pool && !now_.facts.pool_files_present.contains(want_.pool->host_path))
    Add(WritePoolFile{*want_.pool}, "not found");
  if (!fetched_) Take(PrepareImage(want_, now_, cause));
}

void Planner::Create(const std::string& name, const std::string& cause, std::vector<Change> changes,
                     bool waits) {
  docker::CreateContainerRequest request{name, want_.platform, want_.config};
  for (const auto& [variable, source] : want_.secret_env)
    request.config.env[variable] = {
        now_.facts.secret_env.at(absl::StrCat(want_.name, "/", variable)).value.value_or(""), true};
  const bool beside = parts_.current && parts_.current->hostname == request.config.hostname;
  if (beside && !want_.spare_hostname.empty()) request.config.hostname = want_.spare_hostname;
  Add(CreateContainer{std::move(request)}, cause, std::move(changes), waits);
  CopyFilesTo(name, waits);
}

}  // namespace spacelet::plan

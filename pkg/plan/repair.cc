#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/diff.h"
#include "pkg/plan/network.h"
#include "pkg/plan/planner.h"

namespace spacelet::plan {
namespace {

using docker::ContainerStatus;

}  // namespace

void Planner::RepairCurrent() {
  if (!parts_.current || std::exchange(repaired_, true)) return;
  // One of them runs, whatever may not be begun (I1).
  if (parts_.previous) Stop(*parts_.previous, "its successor is there");
  if (parts_.next && !StartsFirst()) Stop(*parts_.next, "the old one is there");
  Repair(*parts_.current);
}

void Planner::Repair(const docker::Container& c, const std::string& why_down) {
  if (IsTheirs(&c)) return StartAgain(c);
  RepairAttachment(c);
  RepairLiveFields(c);
  RepairState(c, why_down);
}

// Restored as it was: the limits of a document that failed are no good for it.
void Planner::RepairRestored(const docker::Container& c, const std::string& why_down) {
  if (IsTheirs(&c)) return StartAgain(c);
  RepairAttachment(c);
  RepairState(c, why_down);
}

// What was started by hand is taken over as a whole or left as it is; only what we may have stopped goes on.
void Planner::StartAgain(const docker::Container& theirs) {
  const bool touched = parts_.next != nullptr || quarantine_ != nullptr || &theirs == parts_.previous;
  if (touched && theirs.status == ContainerStatus::kExited && !IsCompleted(want_, theirs))
    Add(StartContainer{theirs.id}, "the hand-started one goes on");
}

void Planner::RepairAttachment(const docker::Container& c) {
  if (want_.network.empty() || IsCompleted(want_, c)) return;
  const Attachment attachment = network_ ? CompareAttachment(want_, c, *network_) : Attachment::kDetached;
  if (attachment == Attachment::kGood) return;
  const bool waits = WaitsForNetwork();
  if (waits && JoinsWithItsNetwork(host_, c)) return;  // the network's key does it
  static constexpr const char* kCauses[] = {"", "detached from the network",
                                            "attached to a network that is gone", "an alias is missing"};
  const char* cause = kCauses[static_cast<int>(attachment)];
  // A running container keeps its endpoint until it is taken off; on a stopped one a plain connect heals.
  const bool attached = attachment != Attachment::kDetached;
  if (attached && (IsRunning(c) || attachment == Attachment::kAliasLost))
    Add(DisconnectNetwork{network_->id, c.id}, cause, {}, waits);
  Add(ConnectNetwork{network_ ? network_->id : want_.network, c.id, want_.config.aliases}, cause, {}, waits);
}

void Planner::RepairLiveFields(const docker::Container& c) {
  LiveUpdate update = CompareLive(want_, c, now_);
  for (Notice& notice : update.notices) plan_.notices.push_back(std::move(notice));
  if (update.changes.empty() || CpusExceedHost()) return;
  Add(update.operation, "differs from the document", std::move(update.changes));
}

void Planner::RepairState(const docker::Container& c, const std::string& why_down) {
  switch (c.status) {
    case ContainerStatus::kRunning:
      RestartUnalive(c);
      break;
    case ContainerStatus::kPaused:
      Add(UnpauseContainer{c.id}, "paused");
      break;
    case ContainerStatus::kExited:
      if (!IsCompleted(want_, c))
        Add(StartContainer{c.id},
            why_down.empty() ? absl::StrCat("exited with code ", c.exit_code) : why_down, {},
            NetworkIsMissing());
      break;
    case ContainerStatus::kCreated:
      if (!withheld_) CopyFilesTo(c.id, NetworkIsMissing());
      Add(StartContainer{c.id}, c.error.empty() ? "created and never started" : "its start was refused", {},
          NetworkIsMissing());
      break;
    default:  // restarting: Docker's restart policy is at work and is not fought; removing: it is waited for
      break;
  }
}

// Never in the middle of a replacement: a successor that is not alive has failed.
void Planner::RestartUnalive(const docker::Container& c) {
  auto probes = now_.facts.probes.find(c.id);
  if (probes == now_.facts.probes.end() || probes->second.unalive.empty()) return;
  if (parts_.previous || (parts_.next && IsRunning(*parts_.next))) return;
  Add(RestartContainer{c.id, StopGrace(c)}, probes->second.unalive);
}

// Not there, or about to be made anew by its own key: what joins it now would only be in the way.
bool Planner::NetworkIsMissing() const {
  return !want_.network.empty() && (network_ == nullptr || IsBeingReplaced(host_, *network_, now_));
}

bool Planner::WaitsForNetwork() {
  if (!NetworkIsMissing()) return false;
  const Waiting waiting{object_, NetworkKey(want_.network), "created", api::reason::kWaitingForNetwork};
  if (std::find(plan_.waiting.begin(), plan_.waiting.end(), waiting) == plan_.waiting.end())
    plan_.waiting.push_back(waiting);
  return true;
}

// Only a first creation waits, and not for ever: a repair or a replacement never does.
bool Planner::WaitsForDependency() {
  bool waits = false;
  for (const std::string& dependency : want_.depends_on) {
    auto it = now_.facts.ready.find(dependency);
    if (it != now_.facts.ready.end() && it->second) continue;
    if (now_.facts.waited_out.contains(want_.name)) {
      plan_.notices.push_back(
          {object_, api::reason::kWaitingForDependency,
           absl::StrCat("created although ", ContainerKey(dependency), " was not ready within ",
                        absl::FormatDuration(want_.dependency_deadline)),
           false});
      continue;
    }
    plan_.waiting.push_back(
        {object_, ContainerKey(dependency), kUntilReady, api::reason::kWaitingForDependency});
    waits = true;
  }
  return waits;
}

void Planner::CopyFilesTo(const std::string& container, bool waits) {
  if (want_.files.empty()) return;
  std::vector<docker::FileToCopy> files;
  for (const desired::File& f : want_.files) {
    const bool secret = f.secret.has_value();
    auto value = now_.facts.secret_files.find(absl::StrCat(want_.name, "/", f.path));
    if (secret && (value == now_.facts.secret_files.end() || !value->second.value))
      return;  // noted as SecretUnavailable
    files.push_back({f.path, secret ? *value->second.value : f.content, f.mode, secret});
  }
  Add(CopyFiles{container, std::move(files)}, "before its first start", {}, waits);
}

void Planner::Stop(const docker::Container& c, const std::string& cause, bool waits) {
  if (c.status == ContainerStatus::kPaused)
    Add(UnpauseContainer{c.id}, "a paused container cannot be stopped gracefully", {}, waits);
  if (IsRunning(c)) Add(StopContainer{c.id, StopGrace(c)}, cause, {}, waits);
}

// Stopped gracefully, then removed.
void Planner::Drop(const docker::Container& c, const std::string& cause, bool waits) {
  Stop(c, cause, waits);
  Add(RemoveContainer{c.id}, cause, {}, waits);
}

}  // namespace spacelet::plan

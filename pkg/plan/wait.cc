#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/planner.h"

namespace spacelet::plan {
namespace {

using docker::ContainerStatus;

bool HasSpec(const docker::Container& c, const std::string& spec_hash) {
  auto label = c.labels.find(api::kLabelSpecHash);
  return label != c.labels.end() && label->second == spec_hash;
}

// In UTC, and in the clock that the window's schedule is in.
std::string TimeText(absl::Time at, const std::optional<absl::TimeZone>& zone) {
  if (at == absl::InfiniteFuture()) return "due at no time";
  const std::string utc = absl::FormatTime("due at %Y-%m-%dT%H:%M:%SZ", at, absl::UTCTimeZone());
  if (!zone || *zone == absl::UTCTimeZone()) return utc;
  return absl::StrCat(utc, " (", absl::FormatTime("%a %H:%M:%S", at, *zone), " in ", zone->name(), ")");
}

}  // namespace

void Planner::LookAgain(absl::Duration time) { plan_.look_again = std::min(plan_.look_again, time); }

void Planner::WaitForProof(const Proof& proof) {
  plan_.waiting.push_back({object_, "its new container", proof.message, api::reason::kRollingOut});
  LookAgain(proof.look_again);
}

// The work that the old one has under way ends before it is stopped; its metric is read once there is a
// successor to stop it for.
bool Planner::WaitsForDrain(const docker::Container& old) {
  if (!want_.drain || old.status != ContainerStatus::kRunning) return false;
  if (want_.rollout.drain_timeout <= absl::ZeroDuration()) return false;
  auto fact = now_.facts.drains.find(old.id);
  const bool asked = fact != now_.facts.drains.end();
  if (asked && (!fact->second.known || fact->second.tasks <= 0)) return false;
  // The successor's age outlives this process; the other does not hang on a clock that is set back.
  absl::Duration waited = asked ? fact->second.waited_for : absl::ZeroDuration();
  if (parts_.next) waited = std::max(waited, now_.taken_at - parts_.next->created_at);
  const absl::Duration left = want_.rollout.drain_timeout - waited;
  if (want_.rollout.on_drain_timeout == api::Rollout::OnDrainTimeout::kProceed) {
    if (left <= absl::ZeroDuration()) return false;
    LookAgain(left);
  }
  if (parts_.next) Repair(old);
  plan_.waiting.push_back({object_,
                           asked ? absl::StrCat(fact->second.tasks, " running tasks of ", old.name)
                                 : absl::StrCat("the running tasks of ", old.name),
                           "0", api::reason::kDraining});
  return true;
}

// It has never run, or is down and nothing else would bring it up: to replace it is a repair.
bool Planner::DisturbsNobody(const docker::Container& old) const {
  if (old.status == ContainerStatus::kRunning || old.status == ContainerStatus::kPaused) return false;
  return !old.started_ever || IsTheirs(&old) || !Hopeless(want_, old, now_).empty();
}

// A rollout begins when its turn has come (pkg/schedule). What has begun is finished: while it is not known
// whether the one that runs is any good, a newer document does not wait.
bool Planner::WaitsForTurn() {
  const docker::Container& old = *parts_.current;
  if (want_.turns == schedule::Policy() || parts_.previous || DisturbsNobody(old)) return false;
  history_ = Wanted(std::move(history_), want_, now_);
  const uint64_t share = schedule::ShareOf(absl::StrCat(host_.name, "/", host_.host_name),
                                           absl::StrCat(want_.name, want_.spec_hash));
  const schedule::Turn turn = schedule::NextTurn(want_.turns, share, history_.wanted->since, now_.taken_at);
  if (turn.at <= now_.taken_at) return false;
  history_ = Withdrawn(std::move(history_), want_, now_);
  const char* what =
      want_.turns.windows.empty() ? "its turn among the hosts" : "its turn in a maintenance window";
  plan_.waiting.push_back({object_, what, TimeText(turn.at, turn.zone),
                           turn.by_window ? api::reason::kWaitingForWindow : api::reason::kWaitingForSplay,
                           turn.at});
  LookAgain(turn.at - now_.taken_at);
  return true;
}

// What one revision changes in both, it changes in the dependency first. A secret's new value or a moved tag
// is no such change.
bool Planner::WaitsForPair() {
  if (HasSpec(*parts_.current, want_.spec_hash)) return false;
  bool waits = false;
  for (const std::string& dependency : want_.depends_on) {
    if (!now_.facts.rolling.contains(dependency)) continue;
    plan_.waiting.push_back(
        {object_, ContainerKey(dependency), "its rollout succeeded", api::reason::kWaitingForDependency});
    waits = true;
  }
  return waits;
}

}  // namespace spacelet::plan

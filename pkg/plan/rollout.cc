#include "pkg/plan/rollout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/labels.h"
#include "pkg/plan/container.h"

namespace spacelet::plan {
namespace {

using api::RolloutHistory;
using api::RolloutRecord;
using docker::ContainerStatus;
using Result = RolloutRecord::Result;

constexpr absl::Duration kFirstRetry = absl::Minutes(10), kLastRetry = absl::Hours(2);

std::string SpecHashOf(const docker::Container& c) {
  auto label = c.labels.find(api::kLabelSpecHash);
  return label == c.labels.end() ? "" : label->second;
}

const ProbeFact* ProbeOf(const docker::Container& c, const ObservedState& now) {
  auto probe = now.facts.probes.find(c.id);
  return probe == now.facts.probes.end() ? nullptr : &probe->second;
}

Proof Failed(std::string why) { return {.state = Proof::State::kFailed, .message = std::move(why)}; }

// What cannot get better by waiting; empty: nothing.
std::string HopelessUnless(const desired::Container& want, const docker::Container& c, bool ready) {
  if (!c.error.empty() && !IsRunning(c)) return absl::StrCat("Docker refused to start it: ", c.error);
  const bool ended = c.status == ContainerStatus::kExited && c.started_ever;
  const bool stays_down = want.restart_policy.kind == api::RestartPolicy::Kind::kOnFailure;
  if (ended && stays_down && c.exit_code != 0)
    return absl::StrCat("exited with code ", c.exit_code, " after ", c.restart_count, " restarts");
  if (!ready && c.restart_count >= kCrashLoopRestarts)
    return absl::StrCat("crash loop: restarted ", c.restart_count, " times",
                        c.oom_killed ? ", out of memory" : "", ", last exit code ", c.exit_code);
  return "";
}

Proof Ready(const desired::Container& want, const ProbeFact& probe) {
  const absl::Duration least = absl::Seconds(want.rollout.min_ready_seconds);
  if (probe.ready_for >= least) return {Proof::State::kProved, ""};
  return {Proof::State::kPending, absl::StrCat("ready for ", absl::FormatDuration(least)),
          least - probe.ready_for};
}

Proof Unready(absl::Duration deadline, const ProbeFact* probe) {
  absl::Duration left = deadline;
  if (probe != nullptr)
    left = std::max(deadline - probe->ran_for, std::min(deadline, kLeastWatch) - probe->watched_for);
  if (left > absl::ZeroDuration()) return {Proof::State::kPending, "ready", left};
  return Failed(absl::StrCat("not ready within ", absl::FormatDuration(deadline),
                             probe == nullptr || probe->message.empty() ? "" : ": ",
                             probe == nullptr ? "" : probe->message));
}

bool IsUnderWay(const RolloutHistory& history) {
  return history.last && history.last->result == Result::kInProgress;
}

// As long as its probes had no time to answer, nothing speaks against it.
bool IsTakenForReady(const docker::Container& c, const ObservedState& now) {
  if (c.status != ContainerStatus::kRunning) return false;
  const ProbeFact* probe = ProbeOf(c, now);
  return probe == nullptr || probe->ready || (!probe->was_ready && probe->watched_for < kLeastWatch);
}

// A time further away than any that was ever set is of a clock that was ahead.
bool IsHeldBack(const api::FailedAttempt& failed, const ObservedState& now) {
  if (failed.retry_at == absl::InfiniteFuture()) return true;
  return failed.retry_at > now.taken_at && failed.retry_at <= now.taken_at + kLastRetry;
}

}  // namespace

std::string Hopeless(const desired::Container& want, const docker::Container& c, const ObservedState& now) {
  const ProbeFact* probe = ProbeOf(c, now);
  return HopelessUnless(want, c, c.status == ContainerStatus::kRunning && probe != nullptr && probe->ready);
}

Proof Prove(const desired::Container& want, const docker::Container& successor, const ObservedState& now) {
  if (IsCompleted(want, successor)) return {Proof::State::kProved, ""};
  const ProbeFact* probe = ProbeOf(successor, now);
  const bool runs = successor.status == ContainerStatus::kRunning;
  const bool ready = runs && probe != nullptr && probe->ready;
  if (std::string why = HopelessUnless(want, successor, ready); !why.empty()) return Failed(std::move(why));
  if (runs && probe != nullptr && !probe->unalive.empty()) return Failed(probe->unalive);
  if (ready) return Ready(want, *probe);
  if (!runs) return {Proof::State::kPending, "running"};
  return Unready(want.rollout.progress_deadline, probe);
}

api::Fingerprint FingerprintOf(const desired::Container& want, const ObservedState& now) {
  api::Fingerprint print;
  print.spec_hash = want.spec_hash;
  auto image = now.images.find(want.image());
  if (image != now.images.end() && image->second) print.image_id = image->second->id;
  auto secrets = now.facts.secret_digests.find(want.name);
  if (secrets != now.facts.secret_digests.end()) print.secrets = secrets->second;
  return print;
}

const api::FailedAttempt* Quarantine(const desired::Container& want, const ObservedState& now) {
  auto history = now.facts.rollouts.find(want.name);
  if (history == now.facts.rollouts.end()) return nullptr;
  const api::Fingerprint print = FingerprintOf(want, now);
  for (auto failed = history->second.failed.rbegin(); failed != history->second.failed.rend(); ++failed) {
    // Without the image here, nothing says that its tag has moved.
    const bool same_image = print.image_id.empty() || print.image_id == failed->tried.image_id;
    if (failed->tried.spec_hash == print.spec_hash && failed->tried.secrets == print.secrets && same_image)
      return IsHeldBack(*failed, now) ? &*failed : nullptr;
  }
  return nullptr;
}

absl::Duration RetryDelay(int attempts) {
  absl::Duration delay = kFirstRetry;
  for (int i = 1; i < attempts && delay < kLastRetry; ++i) delay *= 2;
  return std::min(delay, kLastRetry);
}

RolloutHistory Wanted(RolloutHistory history, const desired::Container& want, const ObservedState& now) {
  api::Fingerprint target = FingerprintOf(want, now);
  absl::Time since = now.taken_at;
  if (const std::optional<api::WantedRollout>& known = history.wanted;
      known && known->since <= now.taken_at) {
    if (target.image_id.empty()) target.image_id = known->target.image_id;
    api::Fingerprint before = known->target;
    if (before.image_id.empty()) before.image_id = target.image_id;
    if (before == target) since = known->since;
  }
  history.wanted = {std::move(target), since};
  return history;
}

RolloutHistory Withdrawn(RolloutHistory history, const desired::Container& want, const ObservedState& now) {
  if (!IsUnderWay(history) || history.last->to_hash == want.spec_hash) return history;
  return Ended(std::move(history), Result::kFailed, "withdrawn before anything was changed", now);
}

RolloutHistory Begun(RolloutHistory history, const desired::Container& want, const docker::Container& old,
                     const ObservedState& now) {
  RolloutRecord record{.from = old.image,
                       .to = want.image(),
                       .from_hash = SpecHashOf(old),
                       .to_hash = want.spec_hash,
                       .tried = FingerprintOf(want, now),
                       .old_was_ready = IsTakenForReady(old, now),
                       .started_at = now.taken_at,
                       .message = ""};
  const bool same = IsUnderWay(history) && history.last->to_hash == record.to_hash &&
                    history.last->from_hash == record.from_hash &&
                    history.last->tried.secrets == record.tried.secrets;
  if (same) record.started_at = history.last->started_at;
  if (same && !IsRunning(old)) record.old_was_ready = history.last->old_was_ready;  // it was stopped for it
  history.last = std::move(record);
  return history;
}

RolloutHistory GivenUp(RolloutHistory history, const desired::Container& want,
                       const docker::Container& successor, const std::string& why, const ObservedState& now) {
  api::Fingerprint tried = FingerprintOf(want, now);
  tried.image_id = successor.image_id;
  int attempts = 1;
  for (const api::FailedAttempt& f : history.failed)
    if (f.tried == tried) attempts = f.attempts + 1;
  std::erase_if(history.failed, [&](const auto& f) { return f.tried == tried; });
  const bool conclusive = !IsUnderWay(history) || history.last->old_was_ready;
  history.failed.push_back(
      {.tried = tried,
       .image = want.image(),
       .message = why,
       .failed_at = now.taken_at,
       .retry_at = conclusive ? absl::InfiniteFuture() : now.taken_at + RetryDelay(attempts),
       .attempts = attempts});
  if (history.failed.size() > kFailedAttemptsKept) history.failed.erase(history.failed.begin());
  return history;
}

RolloutHistory Ended(RolloutHistory history, Result result, std::string message, const ObservedState& now) {
  if (!IsUnderWay(history)) return history;
  history.last->result = result;
  history.last->message = std::move(message);
  history.last->finished_at = now.taken_at;
  return history;
}

RolloutHistory Restored(RolloutHistory history, const desired::Container& want,
                        const docker::Container& restored, const ObservedState& now) {
  if (!history.last || history.failed.empty() || !IsRunning(restored)) return history;
  api::FailedAttempt& failed = history.failed.back();
  const bool undecided = failed.retry_at < absl::InfiniteFuture();
  if (IsUnderWay(history)) {
    history = Ended(std::move(history), undecided ? Result::kInconclusive : Result::kRolledBack,
                    failed.message, now);
  } else if (history.last->result == Result::kRolledBack && !undecided) {
    const ProbeFact* probe = ProbeOf(restored, now);
    const bool was_ready = probe != nullptr && probe->was_ready;
    // Long after, it is another trouble.
    if (now.taken_at - history.last->finished_at > 3 * want.rollout.progress_deadline) return history;
    const Proof proof = Prove(want, restored, now);
    if (was_ready || proof.state != Proof::State::kFailed) return history;
    failed.retry_at = now.taken_at + RetryDelay(failed.attempts);
    history.last->result = Result::kInconclusive;
    history.last->message =
        absl::StrCat(failed.message, "; the old container does not become ready again either (",
                     proof.message, "), so the change may not be to blame");
  }
  return history;
}

}  // namespace spacelet::plan

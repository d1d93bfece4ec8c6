// Whether the successor of a container has proved itself, and what is remembered of it. Pure functions of
// what is there now and of the history: nobody is "in the middle" of a rollout, so an agent that was killed
// in one finds the same answer when it starts again.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pkg/api/rollout.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::plan {

// Restarts by Docker after which a container that was never ready is in a crash loop: 100 + 200 + 400 ms of
// its back-off (moby restartmanager), enough for one that only loses a race at its start.
inline constexpr int kCrashLoopRestarts = 3;
// A deadline is not over before this process has watched the container for so long: after a restart of the
// agent, or a jump of the clock, it gets a chance to answer.
inline constexpr absl::Duration kLeastWatch = absl::Seconds(30);
// Kept of a workload's failed attempts; older ones may be tried again.
inline constexpr size_t kFailedAttemptsKept = 10;

struct Proof {
  enum class State { kPending, kProved, kFailed };
  State state = State::kPending;
  std::string message;                                   // kPending: what it waits for; kFailed: why
  absl::Duration look_again = absl::InfiniteDuration();  // kPending: when time alone may change the answer
};
// The deadline counts from its last start: a host that was off for the night takes nobody's chance. One that
// keeps ending does not win time by it: its restarts are counted.
Proof Prove(const desired::Container& want, const docker::Container& successor, const ObservedState& now);

// Why it does not come up by itself, whatever is waited for; empty: it may.
std::string Hopeless(const desired::Container& want, const docker::Container& c, const ObservedState& now);

// What would be tried now. The image's id is empty when it is not on this host.
api::Fingerprint FingerprintOf(const desired::Container& want, const ObservedState& now);

// The failed attempt that is the same as what would be tried now and must not be made again; null: none.
const api::FailedAttempt* Quarantine(const desired::Container& want, const ObservedState& now);

// When an inconclusive attempt is made again: 10 min ×2 to 2 h.
absl::Duration RetryDelay(int attempts);

// ---- the history of one workload; each returns it changed, or as it was

// A replacement is due, and since when: since now for what was not wanted before. An image that is not on
// this host yet is not another one.
api::RolloutHistory Wanted(api::RolloutHistory history, const desired::Container& want,
                           const ObservedState& now);
// `old` is being replaced by what is wanted now. Called again while nothing has been swapped, it keeps the
// time of the beginning.
api::RolloutHistory Begun(api::RolloutHistory history, const desired::Container& want,
                          const docker::Container& old, const ObservedState& now);
// The successor is given up. Not quarantined for good when the old container was no better.
api::RolloutHistory GivenUp(api::RolloutHistory history, const desired::Container& want,
                            const docker::Container& successor, const std::string& why,
                            const ObservedState& now);
// The rollout under way, if it was to another spec, changed nothing and ends.
api::RolloutHistory Withdrawn(api::RolloutHistory history, const desired::Container& want,
                              const ObservedState& now);
// The rollout under way, if there is one, has ended.
api::RolloutHistory Ended(api::RolloutHistory history, api::RolloutRecord::Result result, std::string message,
                          const ObservedState& now);
// `restored` runs again after a failed rollout: RolledBack, and Inconclusive when it does not become ready
// either.
api::RolloutHistory Restored(api::RolloutHistory history, const desired::Container& want,
                             const docker::Container& restored, const ObservedState& now);

}  // namespace spacelet::plan

// What the controller remembers between two looks at an object. Nothing in it decides what is wanted or what
// is there: a process that starts with an empty memory ends in the same place, only with its back-offs
// forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/hold_back.h"
#include "pkg/controller/removals.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"
#include "pkg/state/state.h"

namespace spacelet::controller {

// How an object was found.
struct Finding {
  bool in_sync = false, ready = false;
  bool drifted = false;    // there is something to repair, as opposed to something to wait for
  bool rolling = false;    // its rollout is due, under way or has failed
  int64_t generation = 0;  // of the document that it was compared with
};
// What is new about it.
struct News {
  bool ready_changed = false;
  bool rolling_changed = false;
  bool drift_began = false;
  std::optional<absl::Duration>
      converged_after;  // it is in sync and ready again, that long after it was first not
};

// Thread-safety: thread-safe.
class Memory {
 public:
  // `limits_set`: by agents before this one.
  Memory(base::Clock& clock, absl::Duration prune_delay, state::LimitsSet limits_set = {})
      : clock_(clock), removals_(prune_delay), limits_set_(std::move(limits_set)) {}

  // The compiled document in force; null before the first.
  std::shared_ptr<const desired::Host> host() const ABSL_LOCKS_EXCLUDED(mu_);
  // Puts `host` in force. Of the objects whose desired state it changes, interrupts the work and forgets what
  // holds them.
  void Adopt(std::shared_ptr<const desired::Host> host, bool prune_at_once) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Duration RemovalWait(const std::string& key) const ABSL_LOCKS_EXCLUDED(mu_);

  // A look at `key` begins and ends. The token is stopped when Adopt changes the object.
  std::stop_source Begin(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);
  void End(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);
  // It is being looked at, or was until just now: an event that comes is the echo of our own doing.
  bool Echoes(const std::string& key) const ABSL_LOCKS_EXCLUDED(mu_);
  // Looks that were begun until now, of any key; whether one at `key` was begun after so many, or goes on.
  uint64_t looks() const ABSL_LOCKS_EXCLUDED(mu_);
  bool LookedAtSince(const std::string& key, uint64_t looks) const ABSL_LOCKS_EXCLUDED(mu_);

  // The facts that only the controller knows.
  void FillFacts(const std::string& key, const desired::Host& host, plan::ObservedState& observed) const
      ABSL_LOCKS_EXCLUDED(mu_);
  void SetHostCpus(int cpus) ABSL_LOCKS_EXCLUDED(mu_);

  // The limits that the agent set in place, by container id. Each returns whether that was news.
  bool LimitsSet(const std::string& container_id, const std::set<std::string>& limits)
      ABSL_LOCKS_EXCLUDED(mu_);
  bool ForgetLimits(const std::string& container_id) ABSL_LOCKS_EXCLUDED(mu_);
  state::LimitsSet limits_set() const ABSL_LOCKS_EXCLUDED(mu_);

  // After a look that failed: repairs of `key` wait for `time`, unless it was released since that look began
  // (what it failed for may be over). `for_change`: nothing but a change is expected to help.
  void Hold(const std::string& key, absl::Duration time, bool for_change) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Duration Held(const std::string& key) const ABSL_LOCKS_EXCLUDED(mu_);
  bool WaitsForChange(const std::string& key) const ABSL_LOCKS_EXCLUDED(mu_);
  void Release(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);
  void ReleaseAll() ABSL_LOCKS_EXCLUDED(mu_);

  // What has been done too often is taken out of `plan`. Returns how long it has to wait (see
  // controller::HoldBack).
  absl::Duration HoldBack(plan::Plan& plan, const plan::ObservedState& observed) const
      ABSL_LOCKS_EXCLUDED(mu_);
  void Done(const plan::Plan& plan, size_t steps, const plan::ObservedState& observed)
      ABSL_LOCKS_EXCLUDED(mu_);

  // How long a first creation has still to wait for its dependencies at most; begins to count at the first
  // call.
  absl::Duration DependencyWait(const desired::Container& container) ABSL_LOCKS_EXCLUDED(mu_);

  News Record(const std::string& key, const Finding& finding) ABSL_LOCKS_EXCLUDED(mu_);
  bool WasInSync(const std::string& key) const ABSL_LOCKS_EXCLUDED(mu_);
  // Restarts by Docker since the last call for that container.
  int64_t NewRestarts(const std::string& key, const std::string& container_id, int64_t count)
      ABSL_LOCKS_EXCLUDED(mu_);
  // The newest generation that every object of `keys` was in sync with at its last look; 0: none.
  int64_t ObservedGeneration(const std::vector<std::string>& keys) const ABSL_LOCKS_EXCLUDED(mu_);
  // Whether each was looked at with this generation of the document.
  bool LookedAtAll(const std::vector<std::string>& keys, int64_t generation) const ABSL_LOCKS_EXCLUDED(mu_);
  void Forget(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Object {
    bool busy = false;
    uint64_t look = 0;      // which one it was
    uint64_t released = 0;  // the newest look of all when it was last released
    std::stop_source work;
    base::Instant ended{-absl::InfiniteDuration()};
    base::Instant held_until{-absl::InfiniteDuration()};
    bool for_change = false;
    std::optional<base::Instant> waits_since;  // for its dependencies
    bool drifted = false;                      // there was something to do at the last look
    std::optional<base::Instant> drifted_since;
    bool known = false, in_sync = false, ready = false, rolling = false;
    int64_t looked = 0;      // generation that it was compared with last
    int64_t generation = 0;  // that it was in sync with
    std::string container_id;
    int64_t restarts = 0;
  };
  const Object* Find(const std::string& key) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Free(Object& object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  base::Clock& clock_;
  mutable base::Mutex mu_;
  std::shared_ptr<const desired::Host> host_ ABSL_GUARDED_BY(mu_);
  Removals removals_ ABSL_GUARDED_BY(mu_);
  Doings doings_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Object> objects_ ABSL_GUARDED_BY(mu_);
  uint64_t looks_ ABSL_GUARDED_BY(mu_) = 0;
  state::LimitsSet limits_set_ ABSL_GUARDED_BY(mu_);
  int host_cpus_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace spacelet::controller

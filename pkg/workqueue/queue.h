// Which object is looked at next. Level-triggered: a key carries nothing but its name, a key that is queued twice runs
// once, a key that is queued while it runs runs once more afterwards; never twice at once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::workqueue {

using Key = std::string;

// Exponential back-off per key: base ×2 up to cap, ±20 %. SPEC 4: 1 s to 60 s, pulls 5 s to 5 min.
class BackOff {
 public:
  BackOff(absl::Duration base, absl::Duration cap);
  absl::Duration Next(const Key& key);  // counts one more failure
  void Forget(const Key& key);
  int failures(const Key& key) const;

 private:
  absl::Duration base_, cap_;
  std::map<Key, int> failures_;
  uint64_t jitter_state_;
};

struct QueueStats {
  size_t depth = 0;                       // ready and not yet taken
  absl::Duration oldest_unfinished;       // of the keys being worked on: sum of seconds, as client-go's unfinished_work
};

// Thread-safety: thread-safe. Waits on the injected clock; has no thread of its own.
class WorkQueue {
 public:
  explicit WorkQueue(base::Clock& clock);
  void Add(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  // An entry that already waits only ever moves earlier. Independent of Add: both may be pending.
  void AddAfter(const Key& key, absl::Duration delay) ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until a key is ready or ShutDown; then nullopt for ever. The caller must call Done.
  std::optional<Key> Get() ABSL_LOCKS_EXCLUDED(mu_);
  void Done(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  void ShutDown() ABSL_LOCKS_EXCLUDED(mu_);
  bool Idle() const ABSL_LOCKS_EXCLUDED(mu_);  // nothing ready, nothing being worked on (delayed keys do not count)
  QueueStats Stats() const ABSL_LOCKS_EXCLUDED(mu_);
  // Called with each key's time in the queue when it is taken. Set before use.
  void OnTaken(std::function<void(absl::Duration waited)> listener);

 private:
  base::Clock& clock_;
  std::function<void(absl::Duration)> on_taken_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::deque<Key> order_ ABSL_GUARDED_BY(mu_);                        // ready, in order
  std::map<Key, base::Instant> dirty_ ABSL_GUARDED_BY(mu_);           // ready or to be run again -> since when
  std::map<Key, base::Instant> processing_ ABSL_GUARDED_BY(mu_);      // taken and not Done -> since when
  std::map<Key, base::Instant> delayed_ ABSL_GUARDED_BY(mu_);         // -> when it becomes ready
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spacelet::workqueue

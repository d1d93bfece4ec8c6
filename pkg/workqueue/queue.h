// Which object is looked at next. Level-triggered: a key carries nothing but its name, a key that is queued
// twice runs once, a key that is queued while it runs runs once more afterwards; never twice at once.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::workqueue {

using Key = std::string;

// Exponential back-off per key: base ×2 up to cap, ±20 % (also of the cap). SPEC 4: 1 s to 60 s, pulls 5 s to
// 5 min. Thread-safety: thread-safe.
class BackOff {
 public:
  BackOff(absl::Duration base, absl::Duration cap);
  absl::Duration Next(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);  // counts one more failure
  void Forget(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  int failures(const Key& key) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const absl::Duration base_, cap_;
  mutable base::Mutex mu_;
  std::map<Key, int> failures_ ABSL_GUARDED_BY(mu_);
  std::minstd_rand random_
      ABSL_GUARDED_BY(mu_);  // differs by process: hosts that boot together do not retry together
};

struct QueueStats {
  size_t depth = 0;  // ready and not yet taken
  absl::Duration
      unfinished_work;  // how long the keys being worked on have been, summed (client-go's unfinished_work)
};

// Thread-safety: thread-safe. Waits on the injected clock; has no thread of its own.
class WorkQueue {
 public:
  explicit WorkQueue(base::Clock& clock);
  void Add(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  // An entry that already waits only ever moves earlier. Independent of Add: both may be pending.
  void AddAfter(const Key& key, absl::Duration delay) ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until a key is ready or ShutDown; then nullopt for ever, ready keys or not. The caller must call
  // Done.
  std::optional<Key> Get() ABSL_LOCKS_EXCLUDED(mu_);
  void Done(const Key& key) ABSL_LOCKS_EXCLUDED(mu_);
  void ShutDown() ABSL_LOCKS_EXCLUDED(mu_);
  bool Idle() const
      ABSL_LOCKS_EXCLUDED(mu_);  // nothing ready, nothing being worked on (delayed keys do not count)
  QueueStats Stats() const ABSL_LOCKS_EXCLUDED(mu_);
  // Called with each key's time in the queue when it is taken. Set before use.
  void OnTaken(std::function<void(absl::Duration waited)> listener);

 private:
  void Enqueue(const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EnqueueDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  base::Instant NextDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Takes the first ready key and returns it with its time in the queue.
  std::pair<Key, absl::Duration> Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<std::pair<Key, absl::Duration>> WaitAndTake() ABSL_LOCKS_EXCLUDED(mu_);

  base::Clock& clock_;
  std::function<void(absl::Duration)> on_taken_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::deque<Key> order_ ABSL_GUARDED_BY(mu_);                    // ready, in order
  std::map<Key, base::Instant> dirty_ ABSL_GUARDED_BY(mu_);       // ready or to be run again -> since when
  std::map<Key, base::Instant> processing_ ABSL_GUARDED_BY(mu_);  // taken and not Done -> since when
  std::map<Key, base::Instant> delayed_ ABSL_GUARDED_BY(mu_);     // -> when it becomes ready
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spacelet::workqueue

// Time as a dependency: a ten-minute back-off is tested in microseconds.
#pragma once

#include <compare>

#include "absl/time/time.h"
#include "pkg/base/mutex.h"

namespace spacelet::base {

// A point on the monotonic clock. Deadlines and intervals use it; the wall clock is for display only, so that
// a stepped clock (NTP, suspend, a VM moved) neither skips nor repeats work.
struct Instant {
  absl::Duration since_epoch;  // since an arbitrary epoch, the same for one process

  friend bool operator==(Instant a, Instant b) { return a.since_epoch == b.since_epoch; }
  friend bool operator<(Instant a, Instant b) { return a.since_epoch < b.since_epoch; }
  friend bool operator<=(Instant a, Instant b) { return a.since_epoch <= b.since_epoch; }
  friend bool operator>(Instant a, Instant b) { return b < a; }
  friend bool operator>=(Instant a, Instant b) { return b <= a; }
  friend Instant operator+(Instant a, absl::Duration d) { return {a.since_epoch + d}; }
  friend absl::Duration operator-(Instant a, Instant b) { return a.since_epoch - b.since_epoch; }
};
inline Instant InfiniteFuture() { return {absl::InfiniteDuration()}; }

// Thread-safety: thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;     // wall clock: for people, labels and files
  virtual Instant Monotonic() const = 0;  // for deadlines and intervals
  // Blocks until `cv` is notified or `deadline` passes; may wake spuriously.
  virtual void WaitUntil(Mutex& mu, CondVar& cv, Instant deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) = 0;
};

// The machine's clocks. Never destroyed.
Clock& RealClock();

}  // namespace spacelet::base

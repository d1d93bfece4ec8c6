// A clock that stands still until a test moves it.
#pragma once

#include <cstddef>
#include <list>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::testing {

// Thread-safety: thread-safe. Advance and SetWall must not be called while a mutex is held that somebody
// waits with.
class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000));

  absl::Time Now() const override ABSL_LOCKS_EXCLUDED(mu_);
  base::Instant Monotonic() const override ABSL_LOCKS_EXCLUDED(mu_);
  // Returns at once when `deadline` has passed; else when `cv` is notified or the clock is moved.
  void WaitUntil(base::Mutex& mu, base::CondVar& cv, base::Instant deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) ABSL_LOCKS_EXCLUDED(mu_);

  // Moves both clocks and wakes every waiter, so that each looks at its condition again.
  void Advance(absl::Duration d) ABSL_LOCKS_EXCLUDED(mu_);
  // And gives everyone the processor: returns when as many threads wait as ever did at once, so whoever the
  // clock woke has looked; whom those have notified looks before the next such call returns. A thread that
  // has ended since, or hangs elsewhere, is waited for once, for a real second.
  void AdvanceAndAwait(absl::Duration d) ABSL_LOCKS_EXCLUDED(mu_);
  // Steps the wall clock alone, as NTP does. Wakes every waiter.
  void SetWall(absl::Time now) ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until at least `n` threads wait. A thread woken by Advance or SetWall counts again only once it
  // waits again.
  void WaitForWaiters(size_t n) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiter {
    base::Mutex* mu;
    base::CondVar* cv;
    bool woken = false;   // by the clock; no longer counted
    bool pinned = false;  // WakeAll still uses mu and cv: WaitUntil must not return
  };
  size_t Waiting() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WakeAll() ABSL_LOCKS_EXCLUDED(mu_);
  std::list<Waiter*> PinWaiters() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable base::Mutex mu_;
  base::CondVar changed_;
  absl::Time wall_ ABSL_GUARDED_BY(mu_);
  base::Instant monotonic_ ABSL_GUARDED_BY(mu_) = {absl::Hours(1)};
  std::list<Waiter> waiters_ ABSL_GUARDED_BY(mu_);
  size_t at_rest_ ABSL_GUARDED_BY(mu_) = 0;  // how many wait when nobody has anything to do
};

}  // namespace spacelet::testing

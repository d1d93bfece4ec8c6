#include "test/testing/fake_clock.h"

#include <algorithm>
#include <chrono>

namespace spacelet::testing {

FakeClock::FakeClock(absl::Time start) : wall_(start) {}

absl::Time FakeClock::Now() const {
  const base::MutexLock lock(mu_);
  return wall_;
}

base::Instant FakeClock::Monotonic() const {
  const base::MutexLock lock(mu_);
  return monotonic_;
}

void FakeClock::WaitUntil(base::Mutex& mu, base::CondVar& cv, base::Instant deadline) {
  std::list<Waiter>::iterator self;
  {
    const base::MutexLock lock(mu_);
    if (deadline <= monotonic_) return;
    self = waiters_.insert(waiters_.end(), Waiter{.mu = &mu, .cv = &cv});
    at_rest_ = std::max(at_rest_, Waiting());
    changed_.NotifyAll();
  }
  cv.Wait(mu);
  // WakeAll may be about to lock `mu`: holding it here while waiting to be unpinned would be a deadlock.
  mu.Unlock();
  {
    const base::MutexLock lock(mu_);
    while (self->pinned) changed_.Wait(mu_);
    waiters_.erase(self);
  }
  mu.Lock();
}

void FakeClock::Advance(absl::Duration d) {
  {
    const base::MutexLock lock(mu_);
    wall_ += d;
    monotonic_ = monotonic_ + d;
  }
  WakeAll();
}

void FakeClock::SetWall(absl::Time now) {
  {
    const base::MutexLock lock(mu_);
    wall_ = now;
  }
  WakeAll();
}

void FakeClock::AdvanceAndAwait(absl::Duration d) {
  constexpr std::chrono::seconds kPatience{1};
  Advance(d);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const base::MutexLock lock(mu_);
  while (Waiting() < at_rest_ && std::chrono::steady_clock::now() < end) changed_.WaitUntil(mu_, end);
  at_rest_ = Waiting();
}

void FakeClock::WaitForWaiters(size_t n) {
  const base::MutexLock lock(mu_);
  while (Waiting() < n) changed_.Wait(mu_);
}

size_t FakeClock::Waiting() const {
  return static_cast<size_t>(
      std::count_if(waiters_.begin(), waiters_.end(), [](const Waiter& waiter) { return !waiter.woken; }));
}

std::list<FakeClock::Waiter*> FakeClock::PinWaiters() {
  std::list<Waiter*> pinned;
  for (Waiter& waiter : waiters_) {
    if (waiter.woken) continue;
    waiter.woken = waiter.pinned = true;
    pinned.push_back(&waiter);
  }
  return pinned;
}

void FakeClock::WakeAll() {
  std::list<Waiter*> pinned;
  {
    const base::MutexLock lock(mu_);
    pinned = PinWaiters();
  }
  for (const Waiter* waiter : pinned) {
    // With the lock held, the thread is surely inside its wait and cannot miss the call.
    const base::MutexLock lock(*waiter->mu);
    waiter->cv->NotifyAll();
  }
  const base::MutexLock lock(mu_);
  for (Waiter* waiter : pinned) waiter->pinned = false;
  changed_.NotifyAll();
}

}  // namespace spacelet::testing

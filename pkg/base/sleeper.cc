#include "pkg/base/sleeper.h"

#include <random>

namespace spacelet::base {

absl::Duration Jittered(absl::Duration interval) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return interval * std::uniform_real_distribution<double>(0.9, 1.1)(random);
}

bool Sleeper::Sleep(absl::Duration time, const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  MutexLock lock(mu_);
  const Instant end = clock_.Monotonic() + time;
  while (!woken_ && !stop.stop_requested() && clock_.Monotonic() < end) clock_.WaitUntil(mu_, changed_, end);
  woken_ = false;
  return !stop.stop_requested();
}

void Sleeper::Wake() {
  MutexLock lock(mu_);
  woken_ = true;
  changed_.NotifyAll();
}

}  // namespace spacelet::base

// A loop's sleep, which a stop or a wake-up ends.
#pragma once

#include <stop_token>

#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::base {

// ±10 %: hosts that boot together do not ask together.
absl::Duration Jittered(absl::Duration interval);

// Thread-safety: thread-safe.
class Sleeper {
 public:
  explicit Sleeper(Clock& clock) : clock_(clock) {}
  // Sleeps for `time`, or until `stop` or a Wake that came since the last Sleep. Returns whether to go on (no
  // stop).
  bool Sleep(absl::Duration time, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Clock& clock_;
  Mutex mu_;
  CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spacelet::base

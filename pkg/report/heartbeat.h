// Whether the loops of the process still tick: what /livez and the watchdog ask.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::report {

// Thread-safety: thread-safe.
class Heartbeats {
 public:
  explicit Heartbeats(base::Clock& clock);
  // "You will hear of this loop again within that time": replaces what it announced before.
  void Expect(const std::string& loop, absl::Duration within) ABSL_LOCKS_EXCLUDED(mu_);
  // The loop rests (waits for work) or has ended: nothing is expected of it.
  void Rest(const std::string& loop) ABSL_LOCKS_EXCLUDED(mu_);
  // The loops that are late, sorted; empty: alive. Docker being away makes none late: every call has a
  // deadline.
  std::vector<std::string> Late() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  base::Clock& clock_;
  mutable base::Mutex mu_;
  std::map<std::string, base::Instant> due_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::report

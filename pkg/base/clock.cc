#include "pkg/base/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace spacelet::base {
namespace {

class MachineClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }

  Instant Monotonic() const override {
    return {absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch())};
  }

  void WaitUntil(Mutex& mu, CondVar& cv, Instant deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) override {
    // A deadline beyond this would overflow chrono's nanoseconds; the caller's loop waits again.
    const Instant longest = Monotonic() + absl::Hours(24);
    const absl::Duration until = deadline < longest ? deadline.since_epoch : longest.since_epoch;
    cv.WaitUntil(mu, std::chrono::steady_clock::time_point(absl::ToChronoNanoseconds(until)));
  }
};

}  // namespace

Clock& RealClock() {
  static Clock& clock = *new MachineClock;
  return clock;
}

}  // namespace spacelet::base

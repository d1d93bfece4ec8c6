#include "pkg/lifecycle/signals.h"

#include <errno.h>
#include <signal.h>

#include <algorithm>

#include "pkg/base/clock.h"

namespace spacelet::lifecycle {
namespace {

sigset_t HandledSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void BlockSignals() {
  const sigset_t handled = HandledSignals();
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal(absl::Duration timeout) {
  const sigset_t handled = HandledSignals();
  const base::Instant deadline = base::RealClock().Monotonic() + timeout;
  while (true) {
    // timespec has no infinity; a day is as good, because the loop comes back.
    const absl::Duration left =
        std::clamp(deadline - base::RealClock().Monotonic(), absl::ZeroDuration(), absl::Hours(24));
    const timespec wait = absl::ToTimespec(left);
    const int signal = ::sigtimedwait(&handled, nullptr, &wait);
    if (signal > 0) return signal;
    if (base::RealClock().Monotonic() >= deadline) return 0;
  }
}

}  // namespace spacelet::lifecycle

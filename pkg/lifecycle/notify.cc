#include "pkg/lifecycle/notify.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "pkg/base/text.h"

namespace spacelet::lifecycle {
namespace {

constexpr int kKeepEnvironment = 0;

// A failure is nobody's concern here: systemd gone means that nobody listens.
void Notify(const std::string& state) { ::sd_notify(kKeepEnvironment, state.c_str()); }

std::string StatusLine(const std::string& status) { return absl::StrCat("STATUS=", base::OneLine(status)); }

}  // namespace

void NotifyReady(const std::string& status) { Notify(absl::StrCat("READY=1\n", StatusLine(status))); }

void NotifyStatus(const std::string& status) { Notify(StatusLine(status)); }

void NotifyStopping() { Notify("STOPPING=1"); }

void NotifyWatchdog() { Notify("WATCHDOG=1"); }

absl::Duration WatchdogInterval() {
  uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(kKeepEnvironment, &microseconds) <= 0) return absl::InfiniteDuration();
  return absl::Microseconds(static_cast<int64_t>(microseconds)) / 2;
}

}  // namespace spacelet::lifecycle

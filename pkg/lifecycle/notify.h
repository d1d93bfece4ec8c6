// sd_notify(3): what systemd is told. Each function does nothing outside systemd (NOTIFY_SOCKET not set).
#pragma once

#include <string>

#include "absl/time/time.h"

namespace spacelet::lifecycle {

// `status` is shown by `systemctl status`; made one line.
void NotifyReady(const std::string& status);
void NotifyStatus(const std::string& status);
void NotifyStopping();

// Keep-alive; due at least every WatchdogInterval().
void NotifyWatchdog();
// Half of the unit's WatchdogSec= (systemd's advice); infinite when this process is not watched.
absl::Duration WatchdogInterval();

}  // namespace spacelet::lifecycle

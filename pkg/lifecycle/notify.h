// What systemd is told: one datagram to the socket in NOTIFY_SOCKET, by the protocol of sd_notify(3), which
// is promised to stay as it is. Not libsystemd: it brings six more libraries into a process that runs as
// root. Each function does nothing outside systemd (NOTIFY_SOCKET not set).
//
// Thread-safety: thread-safe while nobody changes the environment.
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
// Half of the unit's WatchdogSec= (systemd's advice; sd_watchdog_enabled(3)); infinite when this process is
// not watched.
absl::Duration WatchdogInterval();

}  // namespace spacelet::lifecycle

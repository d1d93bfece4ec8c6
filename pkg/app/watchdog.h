// What systemd's watchdog is fed by.
#pragma once

#include "pkg/report/heartbeat.h"

namespace spacelet::app {

// A sign of life to systemd, unless a loop is late: an agent that no longer looks after anything is to be
// started again, though its main thread may still tick. Due at least every lifecycle::WatchdogInterval().
void FeedWatchdog(const report::Heartbeats& heartbeats);

}  // namespace spacelet::app

#include "pkg/app/watchdog.h"

#include "pkg/lifecycle/notify.h"

namespace spacelet::app {

void FeedWatchdog(const report::Heartbeats& heartbeats) {
  if (heartbeats.Late().empty()) lifecycle::NotifyWatchdog();
}

}  // namespace spacelet::app

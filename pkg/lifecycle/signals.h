// Signals as something to wait for: no handler, no interrupted call.
#pragma once

#include "absl/time/time.h"

namespace spacelet::lifecycle {

// Blocks SIGTERM, SIGINT and SIGHUP for the whole process and ignores SIGPIPE. Call in main before any thread
// starts: threads inherit the mask.
void BlockSignals();

// Waits for one of the three (sigtimedwait); returns its number, or 0 after `timeout`. Requires:
// BlockSignals.
int WaitForSignal(absl::Duration timeout);

}  // namespace spacelet::lifecycle

// A status as a table for people: what `spacelet status` prints.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "pkg/report/status.h"

namespace spacelet::report {

struct TextOptions {
  bool color = false;  // ANSI; the caller has looked at NO_COLOR and isatty
};

// One line on the host, one row an object (OBJECT STATE READY SYNCED AGE IMAGE REASON), and below it the
// messages that are too wide for a table. Ages are relative to `now`.
std::string ToText(const Status& status, absl::Time now, TextOptions options = {});

}  // namespace spacelet::report

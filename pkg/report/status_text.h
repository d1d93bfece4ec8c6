// A status as a table for people: what `spacelet status` prints.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "pkg/report/status.h"

namespace spacelet::report {

struct TextOptions {
  bool color = false;  // ANSI; the caller has looked at NO_COLOR and isatty
};

// "5m": of the largest unit of which there are two; "-" for a time that is not known.
std::string Age(absl::Time since, absl::Time now);

// One line on the host, one row an object (OBJECT STATE READY SYNCED AGE IMAGE REASON), and below it the
// messages that are too wide for a table, and the fields that differ. Ages are relative to `now`.
std::string ToText(const Status& status, absl::Time now, TextOptions options = {});

}  // namespace spacelet::report

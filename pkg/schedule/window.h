// Maintenance windows: recurring spans of time in the clock of a place. Plain values; pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/schedule/cron.h"

namespace spacelet::schedule {

// Bounds of a window's duration: shorter than a minute nobody would hit, and what is open for more than a
// week is better written as several.
inline constexpr absl::Duration kShortestWindow = absl::Minutes(1), kLongestWindow = absl::Hours(7 * 24);

// Opens when the clock of `zone` shows a time of `cron`, and stays open for `duration` as a stopwatch
// measures it. A time that the clock jumps over in spring opens it at the jump; of one that it shows twice in
// autumn, the first counts.
struct Window {
  Cron cron;
  absl::Duration duration;
  absl::TimeZone zone;
  bool operator==(const Window&) const = default;
};

// A time zone by its IANA name ("America/Los_Angeles", "UTC"), from the system's tzdata.
// Errors: InvalidArgument, a sentence; also for names that mean something else on each host ("localtime").
absl::StatusOr<absl::TimeZone> ParseZone(const std::string& name);

// Half open.
struct Span {
  absl::Time begin, end;
  bool operator==(const Span&) const = default;
};

// When any of `windows` is open because it opened in [from, to), overlapping and touching spans made one; in
// order.
std::vector<Span> OpenSpans(const std::vector<Window>& windows, absl::Time from, absl::Time to);

}  // namespace spacelet::schedule

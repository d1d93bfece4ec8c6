// Windows and times as people write them.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "pkg/schedule/window.h"

namespace spacelet::schedule {

inline Window At(const std::string& cron, absl::Duration duration, const std::string& zone = "UTC") {
  return {*Cron::Parse(cron), duration, *ParseZone(zone)};
}

// "2026-03-08 01:30", in UTC.
inline absl::Time Utc(const std::string& text) {
  absl::Time time;
  return absl::ParseTime("%Y-%m-%d %H:%M", text, &time, nullptr) ? time : absl::InfinitePast();
}
inline std::string Text(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M", time, absl::UTCTimeZone());
}

}  // namespace spacelet::schedule

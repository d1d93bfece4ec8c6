// Why a container ended, for people.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/docker/types.h"

namespace spacelet::controller {

inline constexpr int kCrashLines = 5;  // quoted from the log

// "exited with code 1; last log lines: …; what to do". Lines as TailLogs gives them; the board redacts.
std::string CrashMessage(const docker::Container& container, const std::vector<std::string>& log_lines);

// What a runner leaves behind that is killed before it has cleaned up, and what to do about it.
std::string OrphanWarning(absl::string_view hostname);

// "last log lines: a | b", and what to do about them where that is known.
std::string QuoteLog(const std::vector<std::string>& log_lines);

// Docker itself starts its back-off afresh after this run time (moby restartmanager).
inline constexpr absl::Duration kSettledRun = absl::Seconds(10);
// It ended before it had settled.
bool EndedEarly(const docker::Container& container);

}  // namespace spacelet::controller

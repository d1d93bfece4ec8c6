// Why a container ended, for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/docker/types.h"

namespace spacelet::controller {

struct Crash {
  std::string message;  // CrashMessage of its last end; empty: none that matters now
  bool loops = false;   // it runs just now, but it keeps ending
  // It runs since so short a time that nobody believes its readiness yet: so much longer it has to.
  absl::Duration settles_in = absl::ZeroDuration();
  bool unread = false;  // the message is without the log, which nobody has read yet
};

// Whether Docker may be asked for a log: who is waited for by others does not.
enum class Logs { kRead, kKnown };

inline constexpr int kLogTail = 50;     // lines in which known words are looked for: a stack trace is long
inline constexpr int kCrashLines = 5;   // of them are quoted, the last ones
inline constexpr size_t kQuoted = 300;  // bytes of each

// "exited with code 1, restarted 4 times; last log lines: …; what to do" of a container that has ended. Of
// one that runs again, whose code is forgotten by then: "ended and was started again 4 times; …". Lines as
// TailLogs gives them, redacted.
std::string CrashMessage(absl::string_view component, const docker::Container& container,
                         const std::vector<std::string>& log_lines);
// "last log lines: …; what to do": its second part. A line that told what to do is quoted, however old.
std::string QuoteLog(absl::string_view component, int exit_code, const std::vector<std::string>& log_lines);

// What a runner leaves behind that is killed before it has cleaned up, and what to do about it.
std::string OrphanWarning(absl::string_view hostname);

// Docker itself starts its back-off afresh after this run time (moby restartmanager).
inline constexpr absl::Duration kSettledRun = absl::Seconds(10);
// It ended before it had settled.
bool EndedEarly(const docker::Container& container);

// How much longer than `ran_for` it has to run to have settled when Docker had waited before this start for
// as long as it waits after the third early end in a row (100 ms ×2; moby restartmanager); zero otherwise,
// and when it has settled.
absl::Duration SettlesIn(const docker::Container& container, absl::Duration ran_for);

}  // namespace spacelet::controller

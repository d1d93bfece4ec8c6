// Another program, run to its end: without a shell, within a time, with as much output as is wanted.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spacelet::base {

inline constexpr size_t kMaxProgramInput = 4096;  // PIPE_BUF: a pipe takes it whole before anybody reads

struct ProgramLimits {
  absl::Duration timeout = absl::Seconds(10);
  size_t max_output_bytes = 64 << 10;
  size_t max_error_bytes = 4096;  // of standard error; what follows is read and thrown away
};

struct ProgramEnd {
  int wait_status = 0;  // as of waitpid; 0: it exited with 0
  std::string output;   // standard output, byte for byte
  std::string errors;   // the first max_error_bytes of standard error
};

// "NAME=value" each; nullopt is the caller's.
using Environment = std::optional<std::vector<std::string>>;

// Runs `argv` (looked up in the caller's PATH) with `input` on its standard input and exactly `environment`;
// no other descriptor is passed on, and it has no signal blocked or ignored. It leads a process group of its
// own, and the whole group is killed when the program ends, at the timeout, above the cap, or at `stop`.
// Errors: NotFound, PermissionDenied the program cannot be executed; DeadlineExceeded; OutOfRange more output
// than max_output_bytes; Cancelled; InvalidArgument no program, or more input than kMaxProgramInput. Messages
// begin with the program and hold neither its arguments nor its output.
absl::StatusOr<ProgramEnd> RunProgram(const std::vector<std::string>& argv, absl::string_view input,
                                      const ProgramLimits& limits, const std::stop_token& stop,
                                      const Environment& environment = std::nullopt);

// "exit code 3", "killed by signal 9".
std::string ExitText(int wait_status);

}  // namespace spacelet::base

// Another program, run to its end: without a shell, within a time, with as much output as is wanted.
#pragma once

#include <cstddef>
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
};

struct ProgramEnd {
  int wait_status = 0;  // as of waitpid; 0: it exited with 0
  std::string output;   // standard output, byte for byte
  std::string errors;   // the first 4 KiB of standard error
};

// Runs `argv` (looked up in PATH) with `input` on its standard input and the caller's environment; no other
// descriptor is passed on, and it has no signal blocked or ignored. It leads a process group of its own, and
// the whole group is killed when the program ends, at the timeout, above the cap, or at `stop`.
// Errors: NotFound, PermissionDenied the program cannot be executed; DeadlineExceeded; OutOfRange more output
// than max_output_bytes; Cancelled; InvalidArgument no program, or more input than kMaxProgramInput. Messages
// begin with the program and hold neither its arguments nor its output.
absl::StatusOr<ProgramEnd> RunProgram(const std::vector<std::string>& argv, absl::string_view input,
                                      const ProgramLimits& limits, const std::stop_token& stop);

// "exit code 3", "killed by signal 9".
std::string ExitText(int wait_status);

}  // namespace spacelet::base

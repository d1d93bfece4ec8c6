// Runs a program for its output, without a shell.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spacelet::secret {

struct CommandLimits {  // SPEC 1: 10 s, 64 KiB
  absl::Duration timeout = absl::Seconds(10);
  size_t max_bytes = 64 << 10;
};

// The standard output of `argv` (looked up in PATH) when it exits with 0. Standard input is empty; the
// environment is the agent's; no other descriptor is passed on. It runs in a process group of its own, and
// the whole group is killed when the program ends, at the timeout, above the cap, or at `stop`. Errors:
// NotFound, PermissionDenied the program cannot be executed; DeadlineExceeded; OutOfRange; Cancelled;
// FailedPrecondition another exit, with the first line of its standard error. Messages name the program, not
// its arguments, and hold nothing of its output.
absl::StatusOr<std::string> RunCommand(const std::vector<std::string>& argv, const CommandLimits& limits,
                                       const std::stop_token& stop);

}  // namespace spacelet::secret

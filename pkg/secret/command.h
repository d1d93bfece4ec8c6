// Runs a program for its output, without a shell.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/base/subprocess.h"

namespace spacelet::secret {

// The standard output of `argv` when it exits with 0 (SPEC 1: 10 s, 64 KiB, the defaults of ProgramLimits).
// Errors: as base::RunProgram; FailedPrecondition another exit, with the first line of its standard error.
// Messages begin with "command" and the program, and hold nothing of its output.
absl::StatusOr<std::string> RunCommand(const std::vector<std::string>& argv,
                                       const base::ProgramLimits& limits, const std::stop_token& stop);

}  // namespace spacelet::secret

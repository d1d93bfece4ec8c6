// The host's lock, and what a person does when it is held.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/state/lock.h"

namespace spacelet::app {

// Errors: Aborted held, naming the pid and what to do; else Internal, why the file cannot be locked.
absl::StatusOr<state::Lock> TakeLock(const std::string& path);

}  // namespace spacelet::app

// Threads where there may be none left: the unit's TasksMax, RLIMIT_NPROC, the kernel's own bounds.
#pragma once

#include <functional>
#include <thread>

#include "absl/status/statusor.h"

namespace spacelet::base {

// Errors: ResourceExhausted no more threads can be had, with what bounds them.
absl::StatusOr<std::jthread> StartThread(std::function<void()> run);

}  // namespace spacelet::base

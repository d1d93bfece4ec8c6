#include "pkg/base/thread.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace spacelet::base {

absl::StatusOr<std::jthread> StartThread(std::function<void()> run) {
  try {
    return std::jthread(std::move(run));
  } catch (const std::system_error& e) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no more threads can be had (TasksMax of the unit, ulimit -u): ", e.what()));
  }
}

}  // namespace spacelet::base

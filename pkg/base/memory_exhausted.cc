#include "pkg/base/memory_exhausted.h"

#include <unistd.h>

#include <new>

#include "absl/strings/string_view.h"

namespace spacelet::base {
namespace {

// Nothing here may allocate, or run what others have left for the end of the process.
[[noreturn]] void End() {
  constexpr absl::string_view kWhy =
      "spacelet: out of memory (ulimit -d, ulimit -v, vm.overcommit_memory of the host): ends\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWhy.data(), kWhy.size());
  _exit(1);
}

}  // namespace

void EndWhenMemoryIsExhausted() { std::set_new_handler(End); }

}  // namespace spacelet::base

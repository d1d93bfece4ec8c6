// What the process does when no memory can be had: RLIMIT_AS, or a kernel that does not overcommit. (A
// cgroup's bound is the kernel's own SIGKILL.)
#pragma once

namespace spacelet::base {

// From now on the process says so on stderr and ends with exit code 1 at the first allocation by `new` that
// fails, instead of an abort or of going on with half of something done: whoever started it starts it again.
// Call before any thread runs.
void EndWhenMemoryIsExhausted();

}  // namespace spacelet::base

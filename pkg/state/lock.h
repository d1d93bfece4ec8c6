// One agent a host.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::state {

// An exclusive flock on a file that holds the pid of its holder. It ends with this object or with the
// process, however that ends. The file stays: removing it would let two processes lock two files of one name.
class Lock {
 public:
  // Never waits. Makes the file's directory (0755) and the file (0644). Errors: AlreadyExists, with the
  // holder's pid; else as base::MakeDirectories and open(2).
  static absl::StatusOr<Lock> Acquire(const std::string& path);

  Lock(Lock&&) noexcept = default;
  Lock& operator=(Lock&&) noexcept = default;
  ~Lock();

 private:
  explicit Lock(base::UniqueFd fd) : fd_(std::move(fd)) {}

  base::UniqueFd fd_;
};

}  // namespace spacelet::state

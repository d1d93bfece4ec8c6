#include "pkg/state/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"

namespace spacelet::state {
namespace {

absl::Status LockError(const std::string& path, absl::StatusCode code) {
  return absl::Status(code, absl::StrCat("lock ", path, ": ", absl::string_view(strerrordesc_np(errno))));
}

absl::Status HeldError(const std::string& path, int fd) {
  char buffer[32] = {};
  const ssize_t n = ::pread(fd, buffer, sizeof buffer - 1, 0);
  const absl::string_view text =
      absl::StripAsciiWhitespace(absl::string_view(buffer, n > 0 ? static_cast<size_t>(n) : 0));
  int64_t pid = 0;
  // Empty for the moment between the holder's flock and its write.
  const std::string holder = absl::SimpleAtoi(text, &pid) ? absl::StrCat("process ", pid) : "another process";
  return absl::AlreadyExistsError(absl::StrCat("lock ", path, ": held by ", holder));
}

// For people and HeldError only: the lock holds without it, so that a full disk does not keep the agent from
// starting.
void WritePid(int fd) {
  const std::string line = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t n = ::pwrite(fd, line.data(), line.size(), 0);
}

}  // namespace

absl::StatusOr<Lock> Lock::Acquire(const std::string& path) {
  if (const size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    RETURN_IF_ERROR(base::MakeDirectories(path.substr(0, slash), 0755));
  }
  base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) {
    return LockError(path,
                     errno == EACCES ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kUnavailable);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return HeldError(path, fd.get());
    return LockError(path, absl::StatusCode::kUnavailable);
  }
  WritePid(fd.get());
  return Lock(std::move(fd));
}

Lock::~Lock() {
  // Before the lock ends: afterwards the file may be somebody else's.
  if (fd_.valid()) [[maybe_unused]]
    const int ignored = ::ftruncate(fd_.get(), 0);
}

}  // namespace spacelet::state

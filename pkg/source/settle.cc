#include "pkg/source/settle.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>

#include "pkg/base/unique_fd.h"

namespace spacelet::source {

Writer WriterOf(const std::string& path) {
  const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  // Whoever opens the file for writing while the lease is held makes the kernel send us a signal; SIGIO would
  // kill.
  if (!fd.valid() || fcntl(fd.get(), F_SETSIG, SIGURG) != 0) return Writer::kUnknown;
  if (fcntl(fd.get(), F_SETLEASE, F_RDLCK) == 0) {
    fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return Writer::kNone;
  }
  return errno == EAGAIN ? Writer::kSome : Writer::kUnknown;
}

void Settling::OnWritten() { in_place_ = open_ = true; }

void Settling::OnClosed() {
  in_place_ = true;
  open_ = false;
}

void Settling::OnReplaced() { in_place_ = open_ = false; }

bool Settling::MayTake(const base::FileStamp& stamp, Writer writer, bool trusted, base::Instant now) {
  if (stamp_ != stamp) {
    stamp_ = stamp;
    since_ = now;
  }
  const absl::Duration unchanged = now - since_;
  if (writer == Writer::kSome || (open_ && writer == Writer::kUnknown)) return unchanged >= kHeldOpen;
  return trusted || !in_place_ || unchanged >= kInPlaceQuiet;
}

void Settling::OnTaken() { in_place_ = true; }

}  // namespace spacelet::source

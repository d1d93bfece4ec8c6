#include "pkg/app/take_lock.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace spacelet::app {

absl::StatusOr<state::Lock> TakeLock(const std::string& path) {
  absl::StatusOr<state::Lock> lock = state::Lock::Acquire(path);
  if (lock.ok()) return lock;
  if (absl::IsAlreadyExists(lock.status()))
    return absl::AbortedError(
        absl::StrCat(lock.status().message(),
                     "; another spacelet works on this host: stop it first (systemctl stop "
                     "spacelet), or change the document that it watches"));
  return absl::InternalError(absl::StrCat(lock.status().message(), "; --lock-file names another"));
}

}  // namespace spacelet::app

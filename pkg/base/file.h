// Files that are read whole or not at all, and written old or new, never torn.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::base {

// What fstat says about a file that was read; equal values around a read mean that it was not changed
// meanwhile.
struct FileStamp {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t mtime_ns = 0, ctime_ns = 0;
  uint32_t mode = 0, uid = 0, gid = 0;
  bool operator==(const FileStamp&) const = default;
};
struct FileContent {
  std::string bytes;
  FileStamp stamp;
};

// Reads a regular file (symlinks are followed). Never blocks on a FIFO or a device.
// Errors: NotFound; PermissionDenied; FailedPrecondition not a regular file, or below one; OutOfRange larger
// than `max_bytes`; Aborted changed while it was read; Unavailable any other errno. Messages name the path
// and the errno's text.
absl::StatusOr<FileContent> ReadFile(const std::string& path, size_t max_bytes);

// What stat says now (symlinks are followed). Errors: as ReadFile.
absl::StatusOr<FileStamp> StampFile(const std::string& path);

// WriteFileAtomically's temporary files are called ".<name>.tmp-XXXXXX"; one stays behind only when the
// process dies.
inline constexpr char kTemporaryInfix[] = ".tmp-";

// Writes `path` by a temporary file beside it, fsync, rename, fsync of the directory. `owner`/`group` -1:
// unchanged. `mode` is exact (no umask). Errors: as ReadFile; a failure leaves the old file in place and no
// temporary file; only a failed fsync of the directory comes after the new file is in place.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, mode_t mode,
                                 uid_t owner = static_cast<uid_t>(-1), gid_t group = static_cast<gid_t>(-1));

// mkdir -p; those it makes get exactly `mode`, existing ones keep theirs. Errors: FailedPrecondition when a
// component is not a directory.
absl::Status MakeDirectories(const std::string& path, mode_t mode);

}  // namespace spacelet::base

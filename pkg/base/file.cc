#include "pkg/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::base {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENOTDIR:
    case EISDIR:
    case ENXIO:  // open of a unix socket
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::Status ErrnoStatus(absl::string_view verb, const std::string& path) {
  const int error = errno;
  return absl::Status(CodeOf(error),
                      absl::StrCat(verb, " ", path, ": ", absl::string_view(strerrordesc_np(error))));
}

int64_t Nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

FileStamp StampOf(const struct stat& st) {
  return {.device = st.st_dev,
          .inode = st.st_ino,
          .size = static_cast<uint64_t>(st.st_size),
          .mtime_ns = Nanoseconds(st.st_mtim),
          .ctime_ns = Nanoseconds(st.st_ctim),
          .mode = st.st_mode,
          .uid = st.st_uid,
          .gid = st.st_gid};
}

absl::StatusOr<FileStamp> StampOfRegular(int fd, const std::string& path) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return ErrnoStatus("stat", path);
  if (!S_ISREG(st.st_mode))
    return absl::FailedPreconditionError(absl::StrCat("read ", path, ": not a regular file"));
  return StampOf(st);
}

absl::Status TooLarge(const std::string& path, size_t max_bytes) {
  return absl::OutOfRangeError(absl::StrCat("read ", path, ": larger than ", max_bytes, " bytes"));
}

// Reads to the end, or one byte more than `max_bytes`.
absl::StatusOr<std::string> ReadToEnd(int fd, const std::string& path, size_t max_bytes) {
  std::string bytes;
  char buffer[1 << 14];
  while (bytes.size() <= max_bytes) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return bytes;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read", path);
    bytes.append(buffer, static_cast<size_t>(n));
  }
  return TooLarge(path, max_bytes);
}

absl::Status WriteAll(int fd, const std::string& path, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

absl::Status SyncDirectory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("open", directory);
  if (::fsync(fd.get()) != 0) return ErrnoStatus("fsync", directory);
  return absl::OkStatus();
}

// Owner and mode before the first byte, so that no reader sees the content under the wrong ones.
absl::Status FillTemporary(int fd, const std::string& path, absl::string_view bytes, mode_t mode, uid_t owner,
                           gid_t group) {
  const bool chown = owner != static_cast<uid_t>(-1) || group != static_cast<gid_t>(-1);
  if (chown && ::fchown(fd, owner, group) != 0) return ErrnoStatus("chown", path);
  if (::fchmod(fd, mode) != 0) return ErrnoStatus("chmod", path);
  RETURN_IF_ERROR(WriteAll(fd, path, bytes));
  if (::fsync(fd) != 0) return ErrnoStatus("fsync", path);
  return absl::OkStatus();
}

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    // mkdir's mode is cut by the umask, which a unit sets to 0077.
    const UniqueFd made(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return made.valid() && ::fchmod(made.get(), mode) == 0 ? absl::OkStatus() : ErrnoStatus("chmod", path);
  }
  if (errno != EEXIST) return ErrnoStatus("mkdir", path);
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return ErrnoStatus("stat", path);
  if (!S_ISDIR(st.st_mode))
    return absl::FailedPreconditionError(absl::StrCat("mkdir ", path, ": not a directory"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FileContent> ReadFile(const std::string& path, size_t max_bytes) {
  // O_NONBLOCK: a FIFO without a writer would hold up the open for ever.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return ErrnoStatus("open", path);
  ASSIGN_OR_RETURN(const FileStamp before, StampOfRegular(fd.get(), path));
  if (before.size > max_bytes) return TooLarge(path, max_bytes);
  ASSIGN_OR_RETURN(std::string bytes, ReadToEnd(fd.get(), path, max_bytes));
  ASSIGN_OR_RETURN(const FileStamp after, StampOfRegular(fd.get(), path));
  if (before != after || bytes.size() != after.size) {
    return absl::AbortedError(absl::StrCat("read ", path, ": changed while it was read"));
  }
  return FileContent{std::move(bytes), after};
}

absl::StatusOr<FileStamp> StampFile(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return ErrnoStatus("stat", path);
  return StampOf(st);
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, mode_t mode, uid_t owner,
                                 gid_t group) {
  const std::string directory = DirectoryOf(path);
  std::string temporary = absl::StrCat(directory, "/.", NameOf(path), kTemporaryInfix, "XXXXXX");
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("create", temporary);
  absl::Status status = FillTemporary(fd.get(), temporary, bytes, mode, owner, group);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = ErrnoStatus("rename", path);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(directory);
}

absl::Status MakeDirectories(const std::string& path, mode_t mode) {
  std::string prefix = path.front() == '/' ? "" : ".";
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&prefix, "/", component);
    RETURN_IF_ERROR(MakeDirectory(prefix, mode));
  }
  return absl::OkStatus();
}

}  // namespace spacelet::base

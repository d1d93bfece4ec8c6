#include "pkg/app/whose_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/resolve_path.h"
#include "pkg/base/status_macros.h"

namespace spacelet::app {
namespace {

namespace fs = std::filesystem;
using MaybeExposure = absl::StatusOr<std::optional<Exposure>>;

constexpr mode_t kWritableByOthers = 0022;

MaybeExposure OfOne(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  if (found.st_uid != 0 && found.st_uid != geteuid())
    return Exposure{absl::StrCat(path, " belongs to user ", found.st_uid),
                    absl::StrCat("chown root: ", path)};
  const bool is_sticky = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) != 0;  // others' files stay
  if ((found.st_mode & kWritableByOthers) != 0 && !is_sticky)
    return Exposure{absl::StrFormat("%s can be written by others (mode %04o)", path, found.st_mode & 07777),
                    absl::StrCat("chmod go-w ", path)};
  return std::nullopt;
}

MaybeExposure WithDirectories(const fs::path& path) {
  MaybeExposure one = OfOne(path.string());
  return !one.ok() || *one || path == path.root_path() ? one : WithDirectories(path.parent_path());
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.string();
}

}  // namespace

MaybeExposure ExposureOf(const std::string& path) {
  const std::string absolute = Absolute(path);
  ASSIGN_OR_RETURN(const std::string resolved, base::ResolvePath(absolute));
  MaybeExposure exposure = WithDirectories(resolved);
  // And where a link lies, which somebody could turn elsewhere.
  return exposure.ok() && !*exposure ? WithDirectories(absolute) : exposure;
}

absl::Status CheckWhoseFile(const std::string& path, absl::string_view what_then) {
  ASSIGN_OR_RETURN(const std::optional<Exposure> exposure, ExposureOf(path));
  if (!exposure) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(exposure->problem, ", ", what_then, "; run: ", exposure->remedy));
}

}  // namespace spacelet::app

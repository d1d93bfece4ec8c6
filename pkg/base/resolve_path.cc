#include "pkg/base/resolve_path.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace spacelet::base {
namespace {

constexpr int kMostLinks = 40;  // linux: MAXSYMLINKS

// The components that are still to be walked, the next one last.
using Ahead = std::vector<std::string>;

void Push(Ahead& ahead, absl::string_view path) {
  std::vector<std::string> components = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::reverse(components.begin(), components.end());
  ahead.insert(ahead.end(), components.begin(), components.end());
}

// What the link `path` says; empty: it is none, or is not there.
absl::StatusOr<std::string> LinkAt(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  if (length > 0) return std::string(target, static_cast<size_t>(length));
  if (length == 0 || errno == EINVAL || errno == ENOENT || errno == ENOTDIR) return std::string();
  return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
}

}  // namespace

absl::StatusOr<std::string> ResolvePath(const std::string& path) {
  if (path.empty() || path[0] != '/')
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is not an absolute path"));
  Ahead ahead;
  Push(ahead, path);
  std::vector<std::string> walked;
  for (int links = 0; !ahead.empty();) {
    const std::string name = std::move(ahead.back());
    ahead.pop_back();
    if (name == "." || (name == ".." && walked.empty())) continue;
    if (name == "..") {
      walked.pop_back();
      continue;
    }
    walked.push_back(name);
    absl::StatusOr<std::string> target = LinkAt(absl::StrCat("/", absl::StrJoin(walked, "/")));
    if (!target.ok()) return target.status();
    if (target->empty()) continue;
    if (++links > kMostLinks)
      return absl::FailedPreconditionError(absl::StrCat(path, ": too many symbolic links"));
    if (target->front() == '/')
      walked.clear();
    else
      walked.pop_back();
    Push(ahead, *target);
  }
  return absl::StrCat("/", absl::StrJoin(walked, "/"));
}

}  // namespace spacelet::base

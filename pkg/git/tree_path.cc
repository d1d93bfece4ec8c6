#include "pkg/git/tree_path.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"

namespace spacelet::git {
namespace {

absl::Status Refused(absl::string_view relative, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(base::OneLine(relative, 200), ": ", why));
}

}  // namespace

absl::StatusOr<std::string> ResolveInTree(absl::string_view document, absl::string_view relative) {
  if (relative.empty()) return Refused(relative, "an empty path");
  if (relative[0] == '/') return Refused(relative, "not a path within the repository, it is absolute");
  if (relative.find('\0') != absl::string_view::npos) return Refused(relative, "no path holds a NUL");
  std::vector<absl::string_view> parts = absl::StrSplit(document, '/');
  parts.pop_back();
  for (const absl::string_view part : absl::StrSplit(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return Refused(relative, "leaves the repository");
    } else {
      parts.pop_back();
    }
  }
  if (parts.empty()) return Refused(relative, "the root of the repository is no file");
  return absl::StrJoin(parts, "/");
}

}  // namespace spacelet::git

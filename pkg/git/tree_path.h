// Paths within a repository's tree. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::git {

// What `relative`, written in the file `document`, names: both as paths from the root of the tree, without
// "." and "..". Errors: FailedPrecondition when it is absolute, empty, or leaves the repository.
absl::StatusOr<std::string> ResolveInTree(absl::string_view document, absl::string_view relative);

}  // namespace spacelet::git

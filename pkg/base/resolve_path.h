// Where a path leads.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace spacelet::base {

// `path` as the kernel walks it here and now: absolute, without `.`, `..`, empty components and symbolic
// links. What is not there (yet) is taken as it is written. Errors: InvalidArgument not absolute;
// FailedPrecondition too many links, as the kernel counts them (40); Unavailable a component that cannot be
// looked at, with the errno's text.
absl::StatusOr<std::string> ResolvePath(const std::string& path);

}  // namespace spacelet::base

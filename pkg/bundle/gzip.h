// gzip by zlib.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::bundle {

// One member without name and time: the same bytes give the same file. Errors: ResourceExhausted no memory.
absl::StatusOr<std::string> Gzip(absl::string_view bytes);

}  // namespace spacelet::bundle

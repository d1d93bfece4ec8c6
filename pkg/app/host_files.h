// Files of the host, as the compiler of documents reads them.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace spacelet::app {

// The whole file, at most 1 MiB. Errors: as base::ReadFile.
absl::StatusOr<std::string> ReadHostFile(const std::string& path);

}  // namespace spacelet::app

// The runner's pool: read, linted, and made the content-addressed file that the runner is started with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/api/types.h"
#include "pkg/desired/desired.h"

namespace spacelet::desired {

struct ResolvedPool {
  std::optional<PoolFile> file;
  std::string container_path;  // where the runner finds it; empty when blocked
  std::string error;           // why it is blocked: the first problem with its place, and how many there are
  std::vector<std::string> warnings;  // with their places
};

// From spec.runner.pool, or else <directory>/pool.yaml. Only `read_file` touches the host.
ResolvedPool ResolvePool(const api::Runner& runner,
                         const std::function<absl::StatusOr<std::string>(const std::string&)>& read_file);

// Whether a file of that name in the agent's directory is such a file: "pool-<16 hex>.yaml".
bool IsPoolFileName(absl::string_view name);

}  // namespace spacelet::desired

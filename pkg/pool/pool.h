// The runner's pool.yaml: strict lint and semantic hash. The runner itself parses it leniently, so a misspelt field is
// silently ignored there; here it is an error before anything is stopped.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::pool {

struct Problem {
  bool error = true;  // false: a warning
  int line = 0, column = 0;
  std::string path;  // "instances[0].spec.zone"
  std::string message;
  bool operator==(const Problem&) const = default;
};

struct Linted {
  std::vector<Problem> problems;  // in file order
  std::string hash;               // 64 hex: key order, comments and the top-level `timestamp` do not count; empty on error
  bool ok() const;
};

// `file_exists` tells whether a path as the container sees it is there under the bind (json_path, user_data_path); a
// null function skips that check.
Linted Lint(absl::string_view yaml, const std::function<bool(const std::string& container_path)>& file_exists);

// "FILE:LINE:COLUMN: instances[0].spec.zone: …", one line each.
std::string ToText(const std::vector<Problem>& problems, absl::string_view file);

}  // namespace spacelet::pool

// The runner's pool.yaml: strict lint and semantic hash. The runner itself parses it leniently, so a misspelt
// field is silently ignored there; here it is an error before anything is stopped. Keys and types are those
// of drone-runner-aws 1.0.0-rc.310; the drivers whose keys are not known here are checked less and say so in
// a warning. Thread-safety: pure functions.
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
  // The pool again as canonical JSON (which is YAML), the same for every spelling of the same pool: key
  // order, comments, quotes and the top-level `timestamp`, which Terraform changes at each apply, do not
  // count. Empty on error.
  std::string canonical;
  std::string
      hash;  // 64 hex: SHA-256 of `canonical`, so `sha256sum` of the written file tells it; empty on error
  bool ok() const;
};

// `file_exists` tells whether a path as the container sees it is there under the bind (json_path,
// user_data_path); a null function skips that check. Pure but for that, and total: any text has an answer.
// The parse is strict YAML (pkg/yaml), which the runner's is not: anchors and duplicate keys are errors here.
Linted Lint(absl::string_view yaml,
            const std::function<bool(const std::string& container_path)>& file_exists);

// "FILE:LINE:COLUMN: instances[0].spec.zone: …", one line each.
std::string ToText(const std::vector<Problem>& problems, absl::string_view file);

}  // namespace spacelet::pool

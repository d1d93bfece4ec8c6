// Small text functions that several packages need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::base {

// The candidate nearest to `word` by edit distance (case-insensitive), when near enough to be a typing mistake
// (distance at most a third of the longer word, at least 1). For "did you mean …?".
std::optional<std::string> Nearest(absl::string_view word, const std::vector<std::string>& candidates);

// Makes hostile text safe for one line of a terminal or log: control, ANSI and bidirectional characters and invalid
// UTF-8 become \xNN or \u{NNNN}; at most `max_bytes` (then "…").
std::string OneLine(absl::string_view text, size_t max_bytes = 1024);

bool IsValidUtf8(absl::string_view text);

}  // namespace spacelet::base

// What the programs say when they end, and what a person does about it. The only place that knows their
// words; a further profile is a further table. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::desired {

struct KnownEnd {
  std::string remedy;          // one sentence without a full stop
  std::optional<size_t> line;  // of `log_lines` that told; nullopt: the exit code did
  bool operator==(const KnownEnd&) const = default;
};

// What is known of such an end; nullopt: nothing. What the component's own table says counts before
// what holds of every program, in each of them words before exit codes, and of two lines the later one.
std::optional<KnownEnd> ExplainEnd(absl::string_view component, int exit_code,
                                   const std::vector<std::string>& log_lines);

}  // namespace spacelet::desired

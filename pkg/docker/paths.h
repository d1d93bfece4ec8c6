// Paths and queries of the Docker API, from names that may be hostile.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

// A container's or network's name or id as one segment. Docker's rule: a letter or digit, then also _ . -
// Errors: InvalidArgument; an empty id would turn a call about one object into one about all.
absl::StatusOr<std::string> ObjectSegment(absl::string_view id_or_name);

// An image's reference or id, its slashes kept. Errors: InvalidArgument on empty, "." and ".." segments.
absl::StatusOr<std::string> ImagePath(absl::string_view reference_or_id);

// "?a=1&b=2", percent-encoded, in the order given; parameters without a value are left out.
std::string Query(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace spacelet::docker

#include "pkg/docker/paths.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"
#include "pkg/http/client.h"

namespace spacelet::docker {

absl::StatusOr<std::string> ObjectSegment(absl::string_view id_or_name) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  };
  if (id_or_name.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(id_or_name[0])) ||
      id_or_name.size() > 255 || !std::all_of(id_or_name.begin(), id_or_name.end(), allowed)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", base::OneLine(id_or_name, 64), "\" is no name or id of Docker's"));
  }
  return std::string(id_or_name);
}

absl::StatusOr<std::string> ImagePath(absl::string_view reference_or_id) {
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(reference_or_id, '/')) {
    if (segment.empty() || segment == "." || segment == "..") {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", base::OneLine(reference_or_id, 64), "\" is no image"));
    }
    segments.push_back(http::PercentEncode(segment));
  }
  return absl::StrJoin(segments, "/");
}

std::string Query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!value.empty()) absl::StrAppend(&out, out.empty() ? "?" : "&", name, "=", http::PercentEncode(value));
  }
  return out;
}

}  // namespace spacelet::docker

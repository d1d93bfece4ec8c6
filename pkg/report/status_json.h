// Status ↔ the JSON of GET /api/v1/status.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/report/status.h"

namespace spacelet::report {

// One line. Times are RFC 3339 in UTC with seconds; a time that is not known is left out. Invalid UTF-8 is
// replaced.
std::string ToJson(const Status& status);

// What ToJson wrote, or what a newer agent wrote: unknown keys are ignored, absent ones stay empty.
// Errors: InvalidArgument when it is no GitspaceHostStatus.
absl::StatusOr<Status> StatusFromJson(absl::string_view json);

}  // namespace spacelet::report

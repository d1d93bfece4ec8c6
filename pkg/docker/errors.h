// The one table: HTTP status and what was asked → status code. Text decides only where Docker's status says
// nothing.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

enum class CallClass {
  kOther,
  kCreate,  // of a container or a network: 409 means that the name is taken
  kPull,    // the registry's refusals arrive as any status, or inside a 200 stream
};

// 2xx and 304 OK; 400 InvalidArgument; 401, 403 PermissionDenied; 404 NotFound; 409 AlreadyExists on create,
// else Aborted; 429 ResourceExhausted; 501 Unimplemented; other 4xx InvalidArgument; other 5xx Unavailable;
// all else Internal. "no space left on device" is ResourceExhausted everywhere. `what` is "VERB path".
absl::Status StatusFromHttp(int http_status, CallClass call_class, absl::string_view what,
                            absl::string_view message);

// An error line in a pull's stream: NotFound, PermissionDenied, ResourceExhausted (rate limit, disk full) or
// Unavailable.
absl::StatusCode PullErrorCode(absl::string_view message);

}  // namespace spacelet::docker

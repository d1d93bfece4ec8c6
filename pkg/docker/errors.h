// The one table: HTTP status and what was asked → status code. Text decides only where Docker's status says
// nothing.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::docker {

enum class CallClass {
  kOther,
  kCreate,  // of a container or a network: 409 means that the name is taken
  kPull,    // the registry's refusals arrive as any status, or inside a 200 stream
};

// 2xx and 304 OK; 400 InvalidArgument; 401, 403 PermissionDenied; 404 NotFound; 409 AlreadyExists on create,
// else Aborted; 429 ResourceExhausted; 501 Unimplemented; other 4xx InvalidArgument; other 5xx Unavailable;
// all else Internal. "no space left on device" is ResourceExhausted everywhere, and "has active endpoints",
// which 20.10 says with 403, is Aborted: the members of a network leave in time. `what` is "VERB path".
absl::Status StatusFromHttp(int http_status, CallClass call_class, absl::string_view what,
                            absl::string_view message);

// The daemon's answer behind such a status; nullopt when there was none (it is away, a deadline, a torn
// body).
std::optional<int> HttpStatusOf(const absl::Status& status);
inline constexpr char kHttpStatusPayload[] = "dev.spacelet/http-status";

// An error line in a pull's stream: NotFound, PermissionDenied, ResourceExhausted (rate limit, disk full) or
// Unavailable.
absl::StatusCode PullErrorCode(absl::string_view message);

// Why a pull, or a question to a registry, failed: an api::reason. The daemon answers 500 to most of them, so
// its words decide; what they do not tell is ImagePullFailed. Requires: !status.ok().
const char* PullReason(const absl::Status& status);
// Whether such a pull failed for want of an answer: nothing that the registry said rules out that it has the
// image.
bool IsRegistryAway(const absl::Status& status);
// How long the registry asks to wait, where its words were passed on ("retry-after: 30s").
std::optional<absl::Duration> RetryAfterHint(absl::string_view message);

}  // namespace spacelet::docker

// API version negotiation: the newest version that daemon and agent both speak.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

struct ApiVersion {  // compared by numbers: 1.9 < 1.41
  int major = 0, minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
};

// What this agent is tested with: Debian 12's 20.10 speaks 1.41 at most; 1.51 is Engine 28's.
inline constexpr ApiVersion kOldestApi = {1, 41};
inline constexpr ApiVersion kNewestApi = {1, 51};

std::optional<ApiVersion> ParseApiVersion(absl::string_view text);  // "1.41"
std::string FormatApiVersion(ApiVersion version);

// Errors: FailedPrecondition, with what both speak in the text.
absl::StatusOr<ApiVersion> Negotiate(ApiVersion daemon_max);
// FailedPrecondition for a daemon that takes none of ours; `said`: its words (IsVersionMismatch).
absl::Status NothingInCommon(absl::string_view said);

// Whether a 400 says that the version in the path is outside of the daemon's window: it was exchanged
// meanwhile.
bool IsVersionMismatch(int http_status, absl::string_view message);

}  // namespace spacelet::docker

#include "pkg/docker/version.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace spacelet::docker {

std::optional<ApiVersion> ParseApiVersion(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('.', 1));
  ApiVersion out;
  if (!absl::SimpleAtoi(parts.first, &out.major) || !absl::SimpleAtoi(parts.second, &out.minor))
    return std::nullopt;
  if (out.major < 0 || out.minor < 0) return std::nullopt;
  return out;
}

std::string FormatApiVersion(ApiVersion version) { return absl::StrCat(version.major, ".", version.minor); }

absl::StatusOr<ApiVersion> Negotiate(ApiVersion daemon_max) {
  const ApiVersion version = std::min(daemon_max, kNewestApi);
  if (version >= kOldestApi) return version;
  return NothingInCommon(
      absl::StrCat("the Docker engine speaks API ", FormatApiVersion(daemon_max), " at most"));
}

absl::Status NothingInCommon(absl::string_view said) {
  return absl::FailedPreconditionError(absl::StrCat("UnsupportedApiVersion: ", said, "; this agent speaks ",
                                                    FormatApiVersion(kOldestApi), " to ",
                                                    FormatApiVersion(kNewestApi)));
}

bool IsVersionMismatch(int http_status, absl::string_view message) {
  return http_status == 400 && absl::StrContains(message, "client version") &&
         (absl::StrContains(message, "too old") || absl::StrContains(message, "too new"));
}

}  // namespace spacelet::docker

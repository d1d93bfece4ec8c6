#include "pkg/cloud/caller.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "pkg/base/status_macros.h"

namespace spacelet::cloud {
namespace {

constexpr size_t kMaxBodyBytes = 256 << 10;  // a secret has at most 64 KiB, in base64 and JSON
constexpr absl::Duration kLongestPause = absl::Seconds(1);

bool MayPass(const absl::StatusOr<http::Response>& response) {
  if (response.ok()) return response->status == 429 || response->status >= 500;
  return absl::IsUnavailable(response.status()) || absl::IsDeadlineExceeded(response.status());
}

}  // namespace

Caller::Caller(Patience patience)
    : patience_(patience), end_(base::RealClock().Monotonic() + patience.total) {}

absl::Duration Caller::Left() const { return end_ - base::RealClock().Monotonic(); }

bool Caller::Pause(absl::Duration pause) const {
  if (Left() <= pause) return false;
  absl::SleepFor(pause);
  return true;
}

absl::StatusOr<http::Response> Caller::Call(const std::string& url, const http::Request& request) {
  ASSIGN_OR_RETURN(const http::Endpoint endpoint, http::ParseEndpoint(url));
  http::Client client(endpoint);
  for (absl::Duration pause = patience_.pause;; pause = std::min(pause * 2, kLongestPause)) {
    http::CallOptions options;
    options.deadline =
        std::clamp(patience_.call, absl::Milliseconds(1), std::max(Left(), absl::Milliseconds(1)));
    options.max_body_bytes = kMaxBodyBytes;
    absl::StatusOr<http::Response> response = client.Call(request, options);
    if (!MayPass(response) || !Pause(pause)) return response;
  }
}

}  // namespace spacelet::cloud

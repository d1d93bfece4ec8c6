#include "pkg/docker/errors.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/api/reasons.h"

namespace spacelet::docker {
namespace {

using absl::StatusCode;
namespace reason = api::reason;

// One row: the first whose words are in the (lower-case) message says why.
struct PullRule {
  const char* reason;
  StatusCode code;
  std::vector<const char*> words;
};

// The order matters: a request that never arrived says nothing of what it asked for, and what a registry's
// proxy answers in HTML is known by its status only. Heard from dockerd 20.10 (graph drivers) and 25 to 28
// (containerd) about registry:2, Docker Hub, GHCR, GAR, ECR, ACR and Harbor.
const std::vector<PullRule>& PullRules() {
  static const auto* const kRules = new std::vector<PullRule>{
      {reason::kDiskFull, StatusCode::kResourceExhausted, {"no space left on device", "disk quota exceeded"}},
      {reason::kRegistryRateLimited,
       StatusCode::kResourceExhausted,
       {"toomanyrequests", "too many requests", "rate limit", "rate exceeded", "http 429"}},
      {reason::kRegistryUnreachable,
       StatusCode::kUnavailable,
       {"connection refused", "no such host", "server misbehaving", "name resolution", "i/o timeout",
        "no route to host", "network is unreachable", "connection reset by peer", "broken pipe",
        "client.timeout exceeded", "while waiting for connection", "context deadline exceeded",
        "handshake timeout", "proxyconnect", "dial tcp", "unexpected eof", ": eof"}},
      {reason::kRegistryUntrusted,
       StatusCode::kUnavailable,
       {"x509:", "tls: ", "gave http response to https client"}},
      {reason::kImagePlatformMismatch,
       StatusCode::kNotFound,
       {"no matching manifest", "no match for platform", "does not match the specified platform",
        "does not provide the specified platform", "cannot be used on this platform"}},
      {reason::kImageCorrupt,
       StatusCode::kUnavailable,
       {"verification failed for digest", "unexpected commit digest"}},
      {reason::kRegistryFailed,
       StatusCode::kUnavailable,
       {"http status: 5", "http 50", "internal server error", "bad gateway", "service unavailable",
        "gateway timeout"}},
      {reason::kRegistryUnauthorized,
       StatusCode::kPermissionDenied,
       {"unauthorized", "unauthenticated", "authentication required", "no basic auth credentials",
        "authorization token has expired", "http 401"}},
      {reason::kRegistryForbidden,
       StatusCode::kPermissionDenied,
       {"denied", "forbidden", "not authorized", "insufficient_scope", "http 403"}},
      {reason::kRepositoryNotFound,
       StatusCode::kNotFound,
       {"name unknown", "name_unknown", "repository name not known", "repository does not exist"}},
      {reason::kImageNotFound, StatusCode::kNotFound, {"not found", "manifest unknown", "http 404"}},
  };
  return *kRules;
}

// Without what may hold these words by accident: addresses, and the kernel's EACCES while unpacking.
std::string Essence(absl::string_view message) {
  std::string text = absl::AsciiStrToLower(message);
  for (const char* scheme : {"\"http://", "\"https://"}) {
    for (size_t begin = text.find(scheme); begin != std::string::npos; begin = text.find(scheme, begin)) {
      const size_t end = text.find('"', begin + 1);
      text.erase(begin, end == std::string::npos ? end : end + 1 - begin);
    }
  }
  return absl::StrReplaceAll(text, {{"permission denied", ""}});
}

const PullRule& RuleFor(absl::string_view message) {
  static const PullRule kOther = {reason::kImagePullFailed, StatusCode::kUnavailable, {}};
  const std::string text = Essence(message);
  for (const PullRule& rule : PullRules()) {
    for (const char* word : rule.words)
      if (absl::StrContains(text, word)) return rule;
  }
  return kOther;
}

bool IsDiskFull(absl::string_view message) { return absl::StrContains(message, "no space left on device"); }

StatusCode CodeFromHttp(int http_status, CallClass call_class) {
  if (http_status / 100 == 2 || http_status == 304) return StatusCode::kOk;
  switch (http_status) {
    case 401:
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kNotFound;
    case 409:
      return call_class == CallClass::kCreate ? StatusCode::kAlreadyExists : StatusCode::kAborted;
    case 429:
      return StatusCode::kResourceExhausted;
    case 501:
      return StatusCode::kUnimplemented;
    default:
      break;
  }
  if (http_status / 100 == 4) return StatusCode::kInvalidArgument;
  return http_status / 100 == 5 ? StatusCode::kUnavailable : StatusCode::kInternal;
}

// A network with members cannot be removed now; nobody's rights are meant.
bool HasActiveEndpoints(absl::string_view message) {
  return absl::StrContains(message, "has active endpoints");
}

}  // namespace

absl::StatusCode PullErrorCode(absl::string_view message) { return RuleFor(message).code; }

const char* PullReason(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return reason::kPullStalled;
  // The daemon itself went away: the registry was not heard of.
  if (absl::StrContains(status.message(), ": cannot connect to ")) return reason::kImagePullFailed;
  return RuleFor(status.message()).reason;
}

bool IsRegistryAway(const absl::Status& status) {
  static constexpr const char* kReasons[] = {reason::kRegistryUnreachable, reason::kRegistryUntrusted,
                                             reason::kRegistryFailed, reason::kRegistryRateLimited,
                                             reason::kPullStalled};
  const absl::string_view why = PullReason(status);
  return std::any_of(std::begin(kReasons), std::end(kReasons), [&](const char* r) { return why == r; });
}

std::optional<absl::Duration> RetryAfterHint(absl::string_view message) {
  const std::string text = absl::AsciiStrToLower(message);
  static const std::string kField = "retry-after: ";
  const size_t at = text.find(kField);
  if (at == std::string::npos) return std::nullopt;
  const std::string value = text.substr(at + kField.size());
  const std::string word =
      value.substr(0, value.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz\xc2\xb5"));
  int seconds = 0;
  if (absl::SimpleAtoi(word, &seconds)) return absl::Seconds(seconds);
  absl::Duration duration;
  if (!absl::ParseDuration(absl::StrReplaceAll(word, {{"\xc2\xb5", "u"}}), &duration)) return std::nullopt;
  return duration;
}

absl::Status StatusFromHttp(int http_status, CallClass call_class, absl::string_view what,
                            absl::string_view message) {
  StatusCode code = CodeFromHttp(http_status, call_class);
  if (code == StatusCode::kOk) return absl::OkStatus();
  if (IsDiskFull(message)) code = StatusCode::kResourceExhausted;
  if (HasActiveEndpoints(message)) code = StatusCode::kAborted;
  // 20.10 answers 500 for what the registry refused, and 404 for what it denied.
  const bool vague = code == StatusCode::kUnavailable || code == StatusCode::kNotFound;
  if (call_class == CallClass::kPull && vague) {
    const StatusCode by_text = PullErrorCode(message);
    if (by_text != StatusCode::kUnavailable) code = by_text;
  }
  absl::Status status(
      code, absl::StrCat(what, ": ",
                         message.empty() ? absl::StrCat("status ", http_status) : std::string(message)));
  status.SetPayload(kHttpStatusPayload, absl::Cord(absl::StrCat(http_status)));
  return status;
}

std::optional<int> HttpStatusOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kHttpStatusPayload);
  int http_status = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &http_status)) return std::nullopt;
  return http_status;
}

}  // namespace spacelet::docker

#include "pkg/docker/errors.h"

#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

using absl::StatusCode;

bool HasAny(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (absl::StrContains(text, word)) return true;
  }
  return false;
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

}  // namespace

absl::StatusCode PullErrorCode(absl::string_view message) {
  const std::string text = absl::AsciiStrToLower(message);
  if (IsDiskFull(text) || HasAny(text, {"toomanyrequests", "too many requests", "rate limit"})) {
    return StatusCode::kResourceExhausted;
  }
  if (HasAny(text, {"denied", "unauthorized", "authentication required", "no basic auth credentials",
                    "forbidden"})) {
    return StatusCode::kPermissionDenied;
  }
  if (HasAny(text, {"not found", "manifest unknown", "name unknown", "no matching manifest"})) {
    return StatusCode::kNotFound;
  }
  return StatusCode::kUnavailable;
}

absl::Status StatusFromHttp(int http_status, CallClass call_class, absl::string_view what,
                            absl::string_view message) {
  StatusCode code = CodeFromHttp(http_status, call_class);
  if (code == StatusCode::kOk) return absl::OkStatus();
  if (IsDiskFull(message)) code = StatusCode::kResourceExhausted;
  // 20.10 answers 500 for what the registry refused, and 404 for what it denied.
  const bool vague = code == StatusCode::kUnavailable || code == StatusCode::kNotFound;
  if (call_class == CallClass::kPull && vague) {
    const StatusCode by_text = PullErrorCode(message);
    if (by_text != StatusCode::kUnavailable) code = by_text;
  }
  return absl::Status(
      code, absl::StrCat(what, ": ",
                         message.empty() ? absl::StrCat("status ", http_status) : std::string(message)));
}

}  // namespace spacelet::docker

#include "pkg/controller/retry.h"

namespace spacelet::controller {

Retry RetryAfter(const absl::Status& status, bool pulling) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
      return Retry::kNone;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
      return Retry::kOnChange;
    default:
      break;
  }
  if (pulling) return Retry::kPullBackOff;
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
      return Retry::kSoon;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kOutOfRange:
      return Retry::kOnChange;
    default:
      return Retry::kBackOff;
  }
}

}  // namespace spacelet::controller

#include "pkg/controller/retry.h"

#include <gtest/gtest.h>

namespace spacelet::controller {
namespace {

TEST(Retry, EachCodeHasItsPolicy) {
  struct Case {
    absl::StatusCode code;
    Retry plain, pulling;
  };
  using Code = absl::StatusCode;
  const Case cases[] = {
      {Code::kOk, Retry::kNone, Retry::kNone},
      {Code::kCancelled, Retry::kNone, Retry::kNone},
      {Code::kUnavailable, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kDeadlineExceeded, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kAborted, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kResourceExhausted, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kInternal, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kUnknown, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kDataLoss, Retry::kBackOff, Retry::kPullBackOff},
      {Code::kNotFound, Retry::kSoon, Retry::kPullBackOff},
      {Code::kAlreadyExists, Retry::kSoon, Retry::kPullBackOff},
      {Code::kInvalidArgument, Retry::kOnChange, Retry::kOnChange},
      {Code::kUnimplemented, Retry::kOnChange, Retry::kOnChange},
      {Code::kFailedPrecondition, Retry::kOnChange, Retry::kPullBackOff},
      {Code::kPermissionDenied, Retry::kOnChange, Retry::kPullBackOff},
      {Code::kUnauthenticated, Retry::kOnChange, Retry::kPullBackOff},
      {Code::kOutOfRange, Retry::kOnChange, Retry::kPullBackOff},
  };
  for (const Case& c : cases) {
    const absl::Status status(c.code, "");
    EXPECT_EQ(RetryAfter(status, false), c.plain) << status;
    EXPECT_EQ(RetryAfter(status, true), c.pulling) << status;
  }
}

}  // namespace
}  // namespace spacelet::controller

// The metadata services of the clouds: what a VM can ask about itself, without a credential. The only place
// that speaks their protocols.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/cloud/caller.h"

namespace spacelet::cloud {

// The address of both; for Google it is that of metadata.google.internal and needs no DNS.
inline constexpr char kMetadataUrl[] = "http://169.254.169.254";

// Errors of Get: Unavailable, DeadlineExceeded no service there; NotFound it has no such value (`what` says
// what for, to people); FailedPrecondition what answers is another service, or it is switched off.

class GoogleMetadata {
 public:
  // `caller` outlives it.
  GoogleMetadata(std::string url, Caller& caller) : url_(std::move(url)), caller_(caller) {}
  absl::StatusOr<std::string> Get(const std::string& path, absl::string_view what);

 private:
  const std::string url_;
  Caller& caller_;
};

// By IMDSv2 only. The first Get opens the session.
class AwsMetadata {
 public:
  AwsMetadata(std::string url, Caller& caller) : url_(std::move(url)), caller_(caller) {}
  absl::StatusOr<std::string> Get(const std::string& path, absl::string_view what);
  const std::string& session() const { return session_; }  // never to be shown

 private:
  absl::StatusOr<http::Response> Ask(const http::Request& request);
  absl::Status OpenSession();

  const std::string url_;
  Caller& caller_;
  std::string session_;
};

}  // namespace spacelet::cloud

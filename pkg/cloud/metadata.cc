#include "pkg/cloud/metadata.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"

namespace spacelet::cloud {
namespace {

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("+/=-_", c);
  });
}

}  // namespace

absl::StatusOr<std::string> GoogleMetadata::Get(const std::string& path, absl::string_view what) {
  http::Request request;
  request.target = path;
  request.headers["Metadata-Flavor"] = "Google";
  absl::StatusOr<http::Response> response = caller_.Call(url_, request);
  if (!response.ok())
    return absl::Status(response.status().code(),
                        absl::StrCat("no metadata server at ", url_,
                                     ": is this a VM of Google Cloud, and is its network up? (",
                                     response.status().message(), ")"));
  const auto flavor = response->headers.find("metadata-flavor");
  if (flavor == response->headers.end() || flavor->second != "Google")
    return absl::FailedPreconditionError(
        absl::StrCat("what answers at ", url_, " is no metadata server of Google Cloud"));
  if (response->status == 404) return absl::NotFoundError(absl::StrCat("this VM has no ", what));
  if (response->status != 200)
    return absl::UnavailableError(
        absl::StrCat("the metadata server answers ", response->status, " for the ", what));
  return std::move(response->body);
}

absl::StatusOr<http::Response> AwsMetadata::Ask(const http::Request& request) {
  absl::StatusOr<http::Response> response = caller_.Call(url_, request);
  if (response.ok()) return response;
  return absl::Status(
      response.status().code(),
      absl::StrCat("no metadata service at ", url_,
                   ": is this an EC2 instance, and, if this is a container, is the instance's "
                   "metadata hop limit 2? (",
                   response.status().message(), ")"));
}

absl::Status AwsMetadata::OpenSession() {
  http::Request request;
  request.method = "PUT";
  request.target = "/latest/api/token";
  request.headers["X-aws-ec2-metadata-token-ttl-seconds"] = "60";
  ASSIGN_OR_RETURN(http::Response response, Ask(request));
  if (response.status == 403)
    return absl::FailedPreconditionError(
        "the metadata service is switched off for this instance (http-endpoint)");
  if (response.status != 200 || !IsToken(response.body))
    return absl::UnavailableError(absl::StrCat("the metadata service gives no session (HTTP ",
                                               response.status, "): is this an EC2 instance?"));
  session_ = std::move(response.body);
  return absl::OkStatus();
}

absl::StatusOr<std::string> AwsMetadata::Get(const std::string& path, absl::string_view what) {
  if (session_.empty()) RETURN_IF_ERROR(OpenSession());
  http::Request request;
  request.target = path;
  request.headers["X-aws-ec2-metadata-token"] = session_;
  ASSIGN_OR_RETURN(http::Response response, Ask(request));
  if (response.status == 404) return absl::NotFoundError(absl::StrCat("this instance has no ", what));
  if (response.status != 200)
    return absl::UnavailableError(
        absl::StrCat("the metadata service answers ", response.status, " for the ", what));
  return std::move(response.body);
}

}  // namespace spacelet::cloud

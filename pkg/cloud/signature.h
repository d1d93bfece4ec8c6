// AWS Signature Version 4, for requests whose target has no query. Pure.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::cloud {

struct AwsCredentials {
  std::string access_key_id, secret_access_key;
  std::string session_token;  // empty: none
};

struct ToSign {
  std::string method = "POST";
  std::string path = "/";                      // percent-encoded
  std::map<std::string, std::string> headers;  // lower-case names; all are signed; "host" must be among them
  std::string body;
  std::string region, service;
  absl::Time time;
};

// What has to be sent besides: x-amz-date, x-amz-security-token (with a session token) and authorization.
std::map<std::string, std::string> Sign(const ToSign& request, const AwsCredentials& credentials);

}  // namespace spacelet::cloud

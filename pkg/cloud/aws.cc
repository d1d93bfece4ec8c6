#include "pkg/cloud/aws.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/cloud/json.h"
#include "pkg/cloud/metadata.h"
#include "pkg/cloud/signature.h"

namespace spacelet::cloud {
namespace {

constexpr char kService[] = "secretsmanager";
constexpr char kRolePath[] = "/latest/meta-data/iam/security-credentials/";

bool IsWord(absl::string_view text, absl::string_view besides) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [besides](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(besides, c);
  });
}

std::string RegionOfArn(absl::string_view id) {
  const std::vector<std::string> parts = absl::StrSplit(id, ':');
  return parts.size() >= 7 && parts[0] == "arn" ? parts[3] : "";
}

// "AccessDeniedException" of "com.amazonaws.…#AccessDeniedException".
std::string KindOf(const Json& answer) {
  const std::string type = Text(answer, "__type");
  return type.substr(type.rfind('#') + 1);
}

class Reader {
 public:
  Reader(const AwsSecret& secret, const AwsEndpoints& endpoints, const Patience& patience)
      : secret_(secret), endpoints_(endpoints), caller_(patience), metadata_(endpoints.metadata, caller_) {}

  absl::StatusOr<std::string> Read();

 private:
  absl::Status LoadCredentials();
  absl::Status LoadRegion();
  absl::StatusOr<http::Response> Ask();
  absl::StatusOr<std::string> Decode(const std::string& body) const;
  absl::Status Refused(const http::Response& response) const;

  const AwsSecret& secret_;
  const AwsEndpoints& endpoints_;
  Caller caller_;
  AwsMetadata metadata_;
  std::string role_, region_;
  AwsCredentials credentials_;
};

absl::Status Reader::LoadCredentials() {
  constexpr absl::string_view kNone = "role: attach an instance profile to it";
  ASSIGN_OR_RETURN(const std::string roles, metadata_.Get(kRolePath, kNone));
  role_ = std::string(absl::StripAsciiWhitespace(roles.substr(0, roles.find('\n'))));
  if (!IsWord(role_, "+=,.@_-")) return absl::NotFoundError(absl::StrCat("this instance has no ", kNone));
  ASSIGN_OR_RETURN(const std::string text, metadata_.Get(kRolePath + role_, "credentials for its role"));
  const Json answer = ParseObject(text);
  credentials_ = {Text(answer, "AccessKeyId"), Text(answer, "SecretAccessKey"), Text(answer, "Token")};
  if (!credentials_.access_key_id.empty() && !credentials_.secret_access_key.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the metadata service has no credentials for the role ", role_,
                                             ": ", base::OneLine(Text(answer, "Code"), 100)));
}

absl::Status Reader::LoadRegion() {
  region_ = secret_.region.empty() ? RegionOfArn(secret_.id) : secret_.region;
  if (region_.empty()) {
    ASSIGN_OR_RETURN(region_, metadata_.Get("/latest/meta-data/placement/region", "region"));
  }
  if (!IsWord(region_, "-")) return absl::InvalidArgumentError("that is no region");
  return absl::OkStatus();
}

absl::StatusOr<http::Response> Reader::Ask() {
  const absl::string_view domain = absl::StartsWith(region_, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const std::string url = endpoints_.secrets_manager.empty()
                              ? absl::StrCat("https://", kService, ".", region_, ".", domain)
                              : endpoints_.secrets_manager;
  ASSIGN_OR_RETURN(const http::Endpoint endpoint, http::ParseEndpoint(url));
  Json body = {{"SecretId", secret_.id}};
  if (!secret_.stage.empty()) body["VersionStage"] = secret_.stage;
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.body = body.dump();
  request.content_type = "application/x-amz-json-1.1";
  ToSign to_sign;
  to_sign.headers = {{"content-type", request.content_type},
                     {"host", http::HostHeader(endpoint)},
                     {"x-amz-target", "secretsmanager.GetSecretValue"}};
  to_sign.body = request.body;
  to_sign.region = region_;
  to_sign.service = kService;
  to_sign.time = absl::Now();
  request.headers = Sign(to_sign, credentials_);
  request.headers["x-amz-target"] = to_sign.headers["x-amz-target"];
  absl::StatusOr<http::Response> response = caller_.Call(url, request);
  if (response.ok()) return response;
  return absl::Status(response.status().code(),
                      absl::StrCat("Secrets Manager cannot be reached (", response.status().message(), ")"));
}

absl::StatusOr<std::string> Reader::Decode(const std::string& body) const {
  const Json answer = ParseObject(body);
  if (Member(answer, "SecretString").is_string()) return Text(answer, "SecretString");
  std::string bytes;
  if (Member(answer, "SecretBinary").is_string() &&
      absl::Base64Unescape(Text(answer, "SecretBinary"), &bytes))
    return bytes;
  return absl::InternalError("Secrets Manager's answer holds no secret that can be read");
}

absl::Status Reader::Refused(const http::Response& response) const {
  const Json answer = ParseObject(response.body);
  const std::string kind = KindOf(answer);
  const std::string message =
      Text(answer, "message").empty() ? Text(answer, "Message") : Text(answer, "message");
  const std::string said = absl::StrCat(
      base::OneLine(kind, 100), ": ",
      Quoted(message, {credentials_.secret_access_key, credentials_.session_token, metadata_.session()}),
      " (HTTP ", response.status, ")");
  if (kind == "ResourceNotFoundException")
    return absl::NotFoundError(
        absl::StrCat("no secret ", secret_.id, " in ", region_, "; --region chooses another (", said, ")"));
  if (kind == "AccessDeniedException" || kind == "DecryptionFailure")
    return absl::PermissionDeniedError(absl::StrCat(
        "the role ", role_, " may not read ", secret_.id,
        ": allow it secretsmanager:GetSecretValue on the secret, and kms:Decrypt on the key if it has one "
        "of its own (",
        said, ")"));
  for (const char* clock : {"Expired", "Signature"})
    if (absl::StrContains(kind, clock))
      return absl::FailedPreconditionError(
          absl::StrCat("AWS does not take the signature: is the clock right? (", said, ")"));
  if (response.status >= 500) return absl::UnavailableError(absl::StrCat("Secrets Manager fails: ", said));
  return absl::FailedPreconditionError(absl::StrCat("Secrets Manager refuses ", secret_.id, ": ", said));
}

absl::StatusOr<std::string> Reader::Read() {
  if (!IsWord(secret_.id, "/_+=.@:-")) return absl::InvalidArgumentError("that is no name of a secret");
  if (!secret_.stage.empty() && !IsWord(secret_.stage, "/_+=.@:-"))
    return absl::InvalidArgumentError("that is no stage of a secret");
  RETURN_IF_ERROR(LoadRegion());
  RETURN_IF_ERROR(LoadCredentials());
  ASSIGN_OR_RETURN(const http::Response response, Ask());
  return response.status == 200 ? Decode(response.body) : Refused(response);
}

}  // namespace

absl::StatusOr<std::string> ReadAwsSecret(const AwsSecret& secret, const AwsEndpoints& endpoints,
                                          const Patience& patience) {
  return Reader(secret, endpoints, patience).Read();
}

}  // namespace spacelet::cloud

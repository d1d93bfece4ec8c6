#include "pkg/cloud/gcp.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/cloud/crc32c.h"
#include "pkg/cloud/json.h"
#include "pkg/cloud/metadata.h"

namespace spacelet::cloud {
namespace {

constexpr char kInstance[] = "/computeMetadata/v1/instance/service-accounts/default/";

bool IsName(absl::string_view text, absl::string_view besides) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [besides](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(besides, c);
  });
}

class Reader {
 public:
  Reader(const GcpSecret& secret, const GcpEndpoints& endpoints, const Patience& patience)
      : secret_(secret), endpoints_(endpoints), caller_(patience), metadata_(endpoints.metadata, caller_) {}

  absl::StatusOr<std::string> Read();

 private:
  absl::StatusOr<std::string> Resource();
  absl::StatusOr<std::string> Decode(const std::string& body) const;
  absl::Status Refused(const http::Response& response, const std::string& resource);
  absl::Status Forbidden(const Json& error, const std::string& resource, const std::string& said);

  const GcpSecret& secret_;
  const GcpEndpoints& endpoints_;
  Caller caller_;
  GoogleMetadata metadata_;
  std::string token_;
};

absl::StatusOr<std::string> Reader::Resource() {
  if (absl::StartsWith(secret_.name, "projects/")) {
    if (!IsName(secret_.name, "-_./:")) return absl::InvalidArgumentError("that is no name of a secret");
    const bool versioned = absl::StrContains(secret_.name, "/versions/");
    return versioned ? secret_.name : absl::StrCat(secret_.name, "/versions/", secret_.version);
  }
  if (!IsName(secret_.name, "-_") || !IsName(secret_.version, "-_"))
    return absl::InvalidArgumentError("that is no name of a secret: letters, digits, - and _");
  std::string project = secret_.project;
  if (project.empty()) {
    ASSIGN_OR_RETURN(project, metadata_.Get("/computeMetadata/v1/project/project-id", "project id"));
  }
  if (!IsName(project, "-.:")) return absl::InvalidArgumentError("that is no project id");
  return absl::StrCat("projects/", project, "/secrets/", secret_.name, "/versions/", secret_.version);
}

absl::StatusOr<std::string> Reader::Read() {
  ASSIGN_OR_RETURN(const std::string resource, Resource());
  ASSIGN_OR_RETURN(const std::string granted,
                   metadata_.Get(absl::StrCat(kInstance, "token"), "service account: give it one"));
  token_ = Text(ParseObject(granted), "access_token");
  if (token_.empty()) return absl::InternalError("the metadata server's answer holds no access token");
  http::Request request;
  request.target = absl::StrCat("/v1/", resource, ":access");
  request.headers["Authorization"] = absl::StrCat("Bearer ", token_);
  const absl::StatusOr<http::Response> response = caller_.Call(endpoints_.secret_manager, request);
  if (!response.ok())
    return absl::Status(response.status().code(),
                        absl::StrCat("Secret Manager cannot be reached (", response.status().message(), ")"));
  if (response->status != 200) return Refused(*response, resource);
  return Decode(response->body);
}

absl::StatusOr<std::string> Reader::Decode(const std::string& body) const {
  const Json answer = ParseObject(body);
  const Json& payload = Member(answer, "payload");
  std::string secret;
  if (!Member(payload, "data").is_string() || !absl::Base64Unescape(Text(payload, "data"), &secret))
    return absl::InternalError("Secret Manager's answer holds no payload that can be read");
  const std::string checksum = Text(payload, "dataCrc32c");  // an int64, which JSON writes as a text
  uint32_t expected = 0;
  if (!checksum.empty() && (!absl::SimpleAtoi(checksum, &expected) || expected != Crc32c(secret)))
    return absl::InternalError("the secret came with another checksum than it has");
  return secret;
}

absl::Status Reader::Refused(const http::Response& response, const std::string& resource) {
  const Json answer = ParseObject(response.body);
  const Json& error = Member(answer, "error");
  const std::string said = Quoted(Text(error, "message"), {token_});
  const std::string about = absl::StrCat(resource, ": ", said, " (HTTP ", response.status, ")");
  switch (response.status) {
    case 401:
    case 403:
      return Forbidden(error, resource, said);
    case 404:
      return absl::NotFoundError(
          absl::StrCat("no such secret or version: ", about, "; --project and --version choose another"));
    case 400:
      return absl::FailedPreconditionError(absl::StrCat("Secret Manager refuses ", about));
    default:
      return absl::UnavailableError(absl::StrCat("Secret Manager cannot give ", about));
  }
}

absl::Status Reader::Forbidden(const Json& error, const std::string& resource, const std::string& said) {
  std::string reasons;
  for (const Json& detail : Member(error, "details")) absl::StrAppend(&reasons, Text(detail, "reason"), " ");
  if (absl::StrContains(reasons, "SERVICE_DISABLED"))
    return absl::FailedPreconditionError(absl::StrCat(
        "the Secret Manager API is off: gcloud services enable secretmanager.googleapis.com (", said, ")"));
  if (absl::StrContains(reasons, "SCOPE_INSUFFICIENT") || absl::StrContains(said, "authentication scopes"))
    return absl::PermissionDeniedError(absl::StrCat(
        "the VM's access scopes do not reach Secret Manager: it needs the scope cloud-platform (", said,
        ")"));
  const absl::StatusOr<std::string> email =
      metadata_.Get(absl::StrCat(kInstance, "email"), "service account");
  const std::string who = email.ok() ? base::OneLine(*email, 200) : "the VM's service account";
  return absl::PermissionDeniedError(
      absl::StrCat(who, " may not read ", resource,
                   ": grant it roles/secretmanager.secretAccessor on the secret (", said, ")"));
}

}  // namespace

absl::StatusOr<std::string> ReadGcpSecret(const GcpSecret& secret, const GcpEndpoints& endpoints,
                                          const Patience& patience) {
  return Reader(secret, endpoints, patience).Read();
}

}  // namespace spacelet::cloud

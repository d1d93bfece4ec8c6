#include "pkg/cloud/signature.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/digest.h"

namespace spacelet::cloud {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string NamesOf(const std::map<std::string, std::string>& headers) {
  return absl::StrJoin(headers, ";", [](std::string* out, const auto& header) { *out += header.first; });
}

std::string Canonical(const ToSign& request, const std::map<std::string, std::string>& headers) {
  std::string out = absl::StrCat(request.method, "\n", request.path, "\n\n");
  for (const auto& [name, value] : headers)
    absl::StrAppend(&out, name, ":", absl::StripAsciiWhitespace(value), "\n");
  return absl::StrCat(out, "\n", NamesOf(headers), "\n", base::Sha256Hex(request.body));
}

std::string SigningKey(const ToSign& request, const std::string& day, const std::string& secret) {
  std::string key = base::HmacSha256(absl::StrCat("AWS4", secret), day);
  for (const std::string& part : {request.region, request.service, std::string("aws4_request")})
    key = base::HmacSha256(key, part);
  return key;
}

}  // namespace

std::map<std::string, std::string> Sign(const ToSign& request, const AwsCredentials& credentials) {
  const std::string moment = absl::FormatTime("%Y%m%dT%H%M%SZ", request.time, absl::UTCTimeZone());
  const std::string day = moment.substr(0, 8);
  std::map<std::string, std::string> added = {{"x-amz-date", moment}};
  if (!credentials.session_token.empty()) added["x-amz-security-token"] = credentials.session_token;

  std::map<std::string, std::string> headers = request.headers;
  headers.insert(added.begin(), added.end());
  const std::string scope =
      absl::StrJoin({day, request.region, request.service, std::string("aws4_request")}, "/");
  const std::string text = absl::StrJoin(
      {std::string(kAlgorithm), moment, scope, base::Sha256Hex(Canonical(request, headers))}, "\n");
  const std::string signature =
      base::HmacSha256Hex(SigningKey(request, day, credentials.secret_access_key), text);
  added["authorization"] = absl::StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/", scope,
                                        ", SignedHeaders=", NamesOf(headers), ", Signature=", signature);
  return added;
}

}  // namespace spacelet::cloud

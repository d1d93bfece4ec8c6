#include "pkg/cloud/signature.h"

#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/digest.h"

namespace spacelet::cloud {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string Hmac(absl::string_view key, absl::string_view bytes) {
  const std::string hex = base::HmacSha256Hex(key, bytes);
  // Not absl::HexStringToBytes: its form in Debian 12 is deprecated in 13, and the new one is not in 12.
  std::string raw;
  uint32_t byte = 0;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    if (absl::SimpleHexAtoi(hex.substr(i, 2), &byte)) raw += static_cast<char>(byte);
  return raw;
}

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
  std::string key = Hmac(absl::StrCat("AWS4", secret), day);
  for (const std::string& part : {request.region, request.service, std::string("aws4_request")})
    key = Hmac(key, part);
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

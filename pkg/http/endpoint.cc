#include <sys/un.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pkg/http/client.h"

namespace spacelet::http {
namespace {

constexpr size_t kLongestSocketPath = sizeof(sockaddr_un{}.sun_path) - 1;

absl::StatusOr<Endpoint> ParseSocketPath(absl::string_view path) {
  if (path.empty() || path[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("unix://", path, ": the path of a socket is absolute"));
  }
  if (path.size() > kLongestSocketPath) {
    return absl::InvalidArgumentError(
        absl::StrCat("unix://", path, ": longer than ", kLongestSocketPath, " bytes"));
  }
  Endpoint endpoint;
  endpoint.path = std::string(path);
  return endpoint;
}

// "host", "host:port" or "[v6]:port".
bool SplitHostPort(absl::string_view authority, Endpoint& endpoint) {
  size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  if (bracket != absl::string_view::npos && colon != absl::string_view::npos && colon < bracket) {
    colon = absl::string_view::npos;
  }
  absl::string_view host = authority.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) return false;
  endpoint.host = std::string(host);
  if (endpoint.host.empty() || endpoint.host.find_first_of(" /?#@[]") != std::string::npos) return false;
  if (colon == absl::string_view::npos) return true;
  return absl::SimpleAtoi(authority.substr(colon + 1), &endpoint.port) && endpoint.port > 0 &&
         endpoint.port < 65536;
}

absl::StatusOr<Endpoint> ParseAuthority(absl::string_view url, absl::string_view authority,
                                        Endpoint::Kind kind, int default_port) {
  Endpoint endpoint;
  endpoint.kind = kind;
  endpoint.port = default_port;
  absl::ConsumeSuffix(&authority, "/");
  if (!SplitHostPort(authority, endpoint)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", url, "\": want scheme://host:port"));
  }
  return endpoint;
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url) {
  absl::string_view rest = url;
  if (absl::ConsumePrefix(&rest, "unix://")) return ParseSocketPath(rest);
  // 2375: the port that Docker's command line takes without one.
  if (absl::ConsumePrefix(&rest, "tcp://")) return ParseAuthority(url, rest, Endpoint::Kind::kTcp, 2375);
  if (absl::ConsumePrefix(&rest, "http://")) return ParseAuthority(url, rest, Endpoint::Kind::kTcp, 80);
  if (absl::ConsumePrefix(&rest, "https://")) return ParseAuthority(url, rest, Endpoint::Kind::kTls, 443);
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", url, "\": want unix:///path, tcp://host:port, http://host:port or https://host:port"));
}

std::string HostHeader(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::kUnix) return "docker";
  const bool v6 = absl::StrContains(endpoint.host, ':');
  const std::string host = absl::StrCat(v6 ? "[" : "", endpoint.host, v6 ? "]" : "");
  const int own = endpoint.kind == Endpoint::Kind::kTls ? 443 : 80;
  return endpoint.port == own ? host : absl::StrCat(host, ":", endpoint.port);
}

std::string PercentEncode(absl::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::string_view("-._~").find(c) != absl::string_view::npos) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace spacelet::http

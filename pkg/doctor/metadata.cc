#include "pkg/doctor/metadata.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/http/tcp.h"

namespace spacelet::doctor {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);

constexpr char kTokenRequest[] =
    "PUT /latest/api/token HTTP/1.1\r\nHost: metadata\r\nConnection: close\r\n"
    "X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n";
constexpr char kGoogleRequest[] =
    "GET / HTTP/1.1\r\nHost: metadata.google.internal\r\nConnection: close\r\nMetadata-Flavor: "
    "Google\r\n\r\n";

// `least_ttl`: packets that arrive with fewer hops left are dropped by the kernel; 0: none.
absl::Status Ask(const std::string& ip, uint16_t port, absl::string_view request, int least_ttl) {
  http::Patience patience(kPatience, {});
  ASSIGN_OR_RETURN(const base::UniqueFd fd, http::ConnectTcp(ip, port, patience));
  if (least_ttl > 0 && ::setsockopt(fd.get(), IPPROTO_IP, IP_MINTTL, &least_ttl, sizeof least_ttl) != 0)
    return absl::OkStatus();  // cannot be told
  RETURN_IF_ERROR(http::SendAll(fd.get(), request, patience));
  char buffer[256];
  ASSIGN_OR_RETURN(const size_t size, http::Receive(fd.get(), buffer, sizeof buffer, patience));
  const absl::string_view answer(buffer, size);
  if (absl::StrContains(answer.substr(0, 16), " 200")) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("it answers ", base::OneLine(answer.substr(0, answer.find('\r')), 60)));
}

}  // namespace

MetadataFacts AskMetadata(Cloud cloud, const std::string& ip, uint16_t port) {
  MetadataFacts facts;
  if (cloud == Cloud::kNone) return facts;
  facts.asked = true;
  const char* request = cloud == Cloud::kEc2 ? kTokenRequest : kGoogleRequest;
  if (const absl::Status plain = Ask(ip, port, request, 0); !plain.ok()) {
    facts.error = std::string(plain.message());
    return facts;
  }
  facts.one_hop = cloud == Cloud::kEc2 && !Ask(ip, port, request, 2).ok();
  return facts;
}

}  // namespace spacelet::doctor

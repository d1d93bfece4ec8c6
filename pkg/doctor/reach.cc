#include "pkg/doctor/reach.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "pkg/base/text.h"
#include "pkg/http/client.h"
#include "pkg/http/resolve.h"
#include "pkg/http/tcp.h"

namespace spacelet::doctor {
namespace {

using Stage = ReachFacts::Stage;

constexpr absl::Duration kLookUpWithin = absl::Seconds(3);
constexpr absl::Duration kConnectWithin = absl::Seconds(2);
constexpr absl::Duration kAnswerWithin = absl::Seconds(5);
constexpr size_t kMostAddresses = 2;
constexpr size_t kMaxBody = 1 << 20;

// Scheme, host and port; the path is of no interest.
absl::StatusOr<http::Endpoint> EndpointOf(absl::string_view url) {
  const size_t scheme = url.find("://");
  const size_t path = scheme == absl::string_view::npos ? scheme : url.find('/', scheme + 3);
  return http::ParseEndpoint(url.substr(0, path));
}

// "http://user:password@proxy:3128" in its parts.
struct Proxy {
  std::string shown;  // without the credentials
  std::string credentials;
};
Proxy SplitProxy(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url.remove_prefix(scheme + 3);
  const size_t at = url.rfind('@');
  Proxy proxy;
  if (at != absl::string_view::npos) proxy.credentials = std::string(url.substr(0, at));
  proxy.shown = absl::StrCat("http://", at == absl::string_view::npos ? url : url.substr(at + 1));
  return proxy;
}

class Attempt {
 public:
  Attempt(const std::string& url, const ReachOptions& options) : options_(options) { facts_.url = url; }

  ReachFacts Run() && {
    Try();
    return std::move(facts_);
  }

 private:
  void Try() {
    absl::StatusOr<http::Endpoint> target = EndpointOf(facts_.url);
    if (!target.ok()) return EndAt(Stage::kUrl, target.status().message());
    facts_.host = target->host;
    facts_.port = target->port;
    if (!options_.proxy.empty() && !IsExempt(target->host, options_.no_proxy)) return TryByProxy();
    const bool connected = Connect(*target);
    connection_.Reset();  // a server may serve one at a time
    if (connected && options_.http) Ask(*target);
  }

  void EndAt(Stage stage, absl::string_view why) {
    facts_.stage = stage;
    facts_.error = base::OneLine(why, 300);
  }

  // Fills in the address that took the connection.
  bool Connect(http::Endpoint& to) {
    const auto addresses = http::Resolve(to.host, kLookUpWithin);
    if (!addresses.ok()) {
      EndAt(Stage::kDns, addresses.status().message());
      return false;
    }
    absl::Status last;
    for (size_t i = 0; i < std::min(addresses->size(), kMostAddresses); ++i) {
      http::Patience patience(kConnectWithin, {});
      absl::StatusOr<base::UniqueFd> fd =
          http::ConnectTcp((*addresses)[i], static_cast<uint16_t>(to.port), patience);
      to.address = (*addresses)[i];
      connection_ = fd.ok() ? *std::move(fd) : base::UniqueFd();
      last = fd.status();
      if (last.ok()) return true;
      last = absl::Status(last.code(), absl::StrCat(to.address, " ", last.message()));
    }
    EndAt(Stage::kConnect, last.message());
    return false;
  }

  void Ask(const http::Endpoint& target) {
    http::Request request;
    request.target = "/";
    http::CallOptions options;
    options.deadline = kAnswerWithin;
    options.max_body_bytes = kMaxBody;
    int status = 0;
    // The header is enough.
    const auto answer = http::Client(target).Stream(
        request, options, [&](int code) { status = code; }, [](absl::string_view) { return false; });
    facts_.asked_at = absl::Now();
    if (!answer.ok())
      return EndAt(http::IsTlsTrouble(answer.status()) ? Stage::kTls : Stage::kHttp,
                   answer.status().message());
    facts_.http_status = status;
    const auto date = answer->headers.find("date");
    absl::Time time;
    if (date != answer->headers.end() &&
        absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date->second, &time, nullptr))
      facts_.date = time;
  }

  void TryByProxy() {
    const Proxy proxy = SplitProxy(options_.proxy);
    facts_.proxy = proxy.shown;
    absl::StatusOr<http::Endpoint> endpoint = EndpointOf(proxy.shown);
    if (!endpoint.ok()) return EndAt(Stage::kProxy, endpoint.status().message());
    if (!Connect(*endpoint)) return EndAt(Stage::kProxy, facts_.error);
    const absl::StatusOr<std::string> line = Command(proxy);
    if (!line.ok()) return EndAt(Stage::kProxy, line.status().message());
    const std::vector<std::string> words = absl::StrSplit(*line, ' ');
    if (words.size() < 2 || words[1] != "200")
      return EndAt(Stage::kProxy, absl::StrCat("it answers ", *line));
  }

  // The first line of the answer to CONNECT.
  absl::StatusOr<std::string> Command(const Proxy& proxy) {
    const std::string peer = absl::StrCat(facts_.host, ":", facts_.port);
    std::string request = absl::StrCat("CONNECT ", peer, " HTTP/1.1\r\nHost: ", peer, "\r\n");
    if (!proxy.credentials.empty())
      absl::StrAppend(&request, "Proxy-Authorization: Basic ", absl::Base64Escape(proxy.credentials), "\r\n");
    http::Patience patience(kAnswerWithin, {});
    absl::Status sent = http::SendAll(connection_.get(), request + "\r\n", patience);
    if (!sent.ok()) return sent;
    char buffer[512];
    absl::StatusOr<size_t> size = http::Receive(connection_.get(), buffer, sizeof buffer, patience);
    if (!size.ok()) return size.status();
    const absl::string_view text(buffer, *size);
    return std::string(absl::StripAsciiWhitespace(text.substr(0, text.find('\n'))));
  }

  const ReachOptions options_;
  ReachFacts facts_;
  base::UniqueFd connection_;
};

}  // namespace

bool IsExempt(const std::string& host, const std::string& no_proxy) {
  for (absl::string_view entry : absl::StrSplit(no_proxy, ',')) {
    entry = absl::StripAsciiWhitespace(entry);
    if (entry == "*") return true;
    entry = absl::StripPrefix(absl::StripPrefix(entry, "*"), ".");
    if (entry.empty()) continue;
    if (absl::EqualsIgnoreCase(host, entry) || absl::EndsWithIgnoreCase(host, absl::StrCat(".", entry)))
      return true;
  }
  return false;
}

ReachFacts Reach(const std::string& url, const ReachOptions& options) { return Attempt(url, options).Run(); }

}  // namespace spacelet::doctor

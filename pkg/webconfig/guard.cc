#include "pkg/webconfig/guard.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace spacelet::webconfig {
namespace {

using http::ServerRequest;
using http::ServerResponse;
using Verdict = Passwords::Verdict;

struct Credentials {
  std::string user, password;
};

// RFC 7617. Nothing when they are missing or not to be understood.
std::optional<Credentials> CredentialsOf(const ServerRequest& request) {
  const auto field = request.headers.find("authorization");
  if (field == request.headers.end()) return std::nullopt;
  absl::string_view value = field->second;
  std::string plain;
  const bool basic = absl::StartsWithIgnoreCase(value, "Basic ") &&
                     absl::Base64Unescape(absl::StripAsciiWhitespace(value.substr(6)), &plain);
  const size_t colon = plain.find(':');
  if (!basic || colon == std::string::npos) return std::nullopt;
  return Credentials{plain.substr(0, colon), plain.substr(colon + 1)};
}

ServerResponse Refused() {
  ServerResponse response;
  response.status = 401;
  response.body =
      "this port wants a user and a password (basic_auth_users of the agent's web configuration)\n";
  response.headers["WWW-Authenticate"] = "Basic realm=\"spacelet\", charset=\"UTF-8\"";
  return response;
}

ServerResponse Busy() {
  ServerResponse response;
  response.status = 503;
  response.body = "too many passwords are being checked; ask again in a moment\n";
  response.headers["Retry-After"] = "1";
  return response;
}

class Gate {
 public:
  Gate(InForce in_force, Passwords& passwords, std::function<void(absl::string_view)> on_answer,
       http::Handler pages)
      : in_force_(std::move(in_force)),
        passwords_(passwords),
        on_answer_(std::move(on_answer)),
        pages_(std::move(pages)) {}

  ServerResponse Answer(ServerRequest request) const {
    const std::shared_ptr<const Access> access = in_force_();
    const std::optional<Credentials> credentials = CredentialsOf(request);
    request.headers.erase("authorization");
    if (request.local || access->users.empty()) return Dressed(Page(request, access), *access);
    if (!credentials) return Dressed(Decided(Verdict::kWrong, request, access), *access);
    const std::string ticket = passwords_.Ask(access->users, credentials->user, credentials->password);
    const Verdict verdict = passwords_.Of(ticket);
    if (verdict != Verdict::kComputing) return Dressed(Decided(verdict, request, access), *access);
    ServerResponse response;
    response.later = [this, ticket, request, access]() -> std::optional<ServerResponse> {
      const Verdict now = passwords_.Of(ticket);
      if (now == Verdict::kComputing) return std::nullopt;
      return Dressed(Decided(now, request, access), *access);
    };
    return response;
  }

 private:
  ServerResponse Decided(Verdict verdict, const ServerRequest& request,
                         const std::shared_ptr<const Access>& access) const {
    const bool right = verdict == Verdict::kRight, busy = verdict == Verdict::kBusy;
    on_answer_(right ? "accepted" : busy ? "busy" : "rejected");
    if (right) return Page(request, access);
    return busy ? Busy() : Refused();
  }

  ServerResponse Page(const ServerRequest& request, const std::shared_ptr<const Access>& access) const {
    ServerResponse response = pages_(request);
    if (!response.more || request.local) return response;
    response.more = [more = std::move(response.more), access,
                     in_force = in_force_]() -> std::optional<std::string> {
      return AdmitAlike(*in_force(), *access) ? more() : std::nullopt;
    };
    return response;
  }

  static ServerResponse Dressed(ServerResponse response, const Access& access) {
    for (const auto& [name, value] : access.headers)
      if (name != "X-Content-Type-Options") response.headers[name] = value;  // which every answer has
    return response;
  }

  const InForce in_force_;
  Passwords& passwords_;
  const std::function<void(absl::string_view)> on_answer_;
  const http::Handler pages_;
};

}  // namespace

http::Handler Guard(InForce in_force, Passwords& passwords, std::function<void(absl::string_view)> on_answer,
                    http::Handler pages) {
  auto gate =
      std::make_shared<const Gate>(std::move(in_force), passwords, std::move(on_answer), std::move(pages));
  return [gate](const ServerRequest& request) { return gate->Answer(request); };
}

}  // namespace spacelet::webconfig

#include "pkg/app/agent_port.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/app/options.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/base/unique_fd.h"
#include "pkg/secret/secret.h"

namespace spacelet::app {
namespace {

// Where an agent keeps its lock: as a service, and in the container image.
constexpr const char* kLockDirectories[] = {"/run/spacelet", "/var/lib/spacelet"};

// 0 when somebody answers there, else an errno.
int TryConnect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const base::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

absl::Status UseSocket(const std::string& path, AgentPort& port) {
  ASSIGN_OR_RETURN(port.endpoint, http::ParseEndpoint(absl::StrCat("unix://", path)));
  port.name = absl::StrCat("unix://", path);
  return absl::OkStatus();
}

absl::Status UseUrl(const std::string& url, AgentPort& port) {
  const bool has_scheme = absl::StrContains(url, "://");
  const absl::StatusOr<http::Endpoint> endpoint =
      http::ParseEndpoint(has_scheme ? url : absl::StrCat("http://", url));
  if (!endpoint.ok())
    return absl::InvalidArgumentError(
        absl::StrCat("no agent can be asked at \"", base::OneLine(url, 200),
                     "\": expected HOST:PORT, https://HOST:PORT or unix:///PATH"));
  port.endpoint = *endpoint;
  port.name = url;
  return absl::OkStatus();
}

absl::Status UseWhatIsHere(AgentPort& port) {
  for (const char* directory : kLockDirectories) {
    const std::string path = (std::filesystem::path(directory) / kSocketName).string();
    const int error = TryConnect(path);
    if (error == 0) return UseSocket(path, port);
    if (error == EACCES)
      port.hint = absl::StrCat("; ", path, " is there as well, for root and the agent's group: try sudo");
  }
  return UseUrl(kDefaultAddress, port);
}

absl::StatusOr<std::string> AuthorizationOf(const AgentAddress& address) {
  if (address.user.empty() && address.password_file.empty()) return std::string();
  if (address.user.empty() || address.password_file.empty())
    return absl::InvalidArgumentError("--user and --password-file belong together");
  api::SecretSource source;
  source.kind = api::SecretSource::Kind::kFile;
  source.file = address.password_file;
  ASSIGN_OR_RETURN(const std::string password, secret::Read(source, {}));
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(address.user, ":", password)));
}

}  // namespace

absl::StatusOr<AgentPort> FindAgent(const AgentAddress& address) {
  AgentPort port;
  RETURN_IF_ERROR(address.url.empty() ? UseWhatIsHere(port) : UseUrl(address.url, port));
  if (address.cert_file.empty() != address.key_file.empty())
    return absl::InvalidArgumentError("--cert-file and --key-file belong together");
  port.endpoint.tls = {address.ca_file, address.cert_file, address.key_file};
  ASSIGN_OR_RETURN(port.authorization, AuthorizationOf(address));
  return port;
}

http::Request RequestTo(const AgentPort& port, const std::string& target) {
  http::Request request;
  request.target = target;
  if (!port.authorization.empty()) request.headers["Authorization"] = port.authorization;
  return request;
}

absl::Status CheckAnswer(const AgentPort& port, const absl::StatusOr<http::Response>& answer) {
  if (answer.ok() && answer->status == 200) return absl::OkStatus();
  if (answer.ok() && answer->status == 401)
    return absl::PermissionDeniedError(
        absl::StrCat("the agent at ", port.name, " wants ", port.authorization.empty() ? "a" : "another",
                     " user and password: --user NAME --password-file FILE", port.hint));
  const std::string why =
      answer.ok() ? absl::StrCat("status ", answer->status, ": ", base::OneLine(answer->body, 200))
                  : std::string(answer.status().message());
  return absl::UnavailableError(absl::StrCat(
      "no agent answers at ", port.name, " (", why,
      "): is it running (systemctl status spacelet)? --address names another address", port.hint));
}

absl::StatusOr<std::string> AskAgent(const AgentAddress& address, const std::string& target,
                                     absl::Duration deadline) {
  ASSIGN_OR_RETURN(const AgentPort port, FindAgent(address));
  http::CallOptions options;
  options.deadline = deadline;
  absl::StatusOr<http::Response> answer = http::Client(port.endpoint).Call(RequestTo(port, target), options);
  RETURN_IF_ERROR(CheckAnswer(port, answer));
  return std::move(answer->body);
}

}  // namespace spacelet::app

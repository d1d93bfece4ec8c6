#include "cmd/spacelet/agent_client.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/http/client.h"

namespace spacelet::cmd {
namespace {

absl::Status Unreachable(const std::string& address, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("no agent answers at ", address, " (", why,
                   "): is it running (systemctl status spacelet)? --address names another address"));
}

absl::Status Checked(const std::string& address, const absl::StatusOr<http::Response>& response) {
  if (!response.ok()) return Unreachable(address, response.status().message());
  if (response->status == 200) return absl::OkStatus();
  return Unreachable(address,
                     absl::StrCat("status ", response->status, ": ", base::OneLine(response->body, 200)));
}

absl::StatusOr<http::Endpoint> EndpointOf(const std::string& address) {
  absl::StatusOr<http::Endpoint> endpoint = http::ParseEndpoint(absl::StrCat("http://", address));
  if (!endpoint.ok()) return Unreachable(address, "expected HOST:PORT");
  return endpoint;
}

}  // namespace

void AddAddressOption(CLI::App& app, std::string& address) {
  app.add_option("--address", address, "where the agent listens")
      ->type_name("HOST:PORT")
      ->capture_default_str();
}

absl::StatusOr<std::string> AskAgent(const std::string& address, const std::string& target) {
  ASSIGN_OR_RETURN(const http::Endpoint endpoint, EndpointOf(address));
  http::Request request;
  request.target = target;
  http::CallOptions options;
  options.deadline = absl::Seconds(10);
  absl::StatusOr<http::Response> response = http::Client(endpoint).Call(request, options);
  RETURN_IF_ERROR(Checked(address, response));
  return std::move(response->body);
}

absl::Status FollowAgent(const std::string& address, const std::string& target,
                         const std::function<bool(absl::string_view line)>& on_line) {
  ASSIGN_OR_RETURN(const http::Endpoint endpoint, EndpointOf(address));
  http::Request request;
  request.target = target;
  http::CallOptions options;
  options.deadline = absl::InfiniteDuration();
  std::string pending;
  const auto on_chunk = [&](absl::string_view chunk) {
    pending.append(chunk.data(), chunk.size());
    for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      if (!on_line(absl::string_view(pending).substr(0, end))) return false;
      pending.erase(0, end + 1);
    }
    return true;
  };
  return Checked(address, http::Client(endpoint).Stream(request, options, nullptr, on_chunk));
}

}  // namespace spacelet::cmd

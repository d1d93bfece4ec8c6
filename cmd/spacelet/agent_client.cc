#include "cmd/spacelet/agent_client.h"

#include "absl/time/time.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/client.h"

namespace spacelet::cmd {

void AddAddressOptions(CLI::App& app, app::AgentAddress& address) {
  app.add_option("--address", address.url,
                 "where the agent listens: HOST:PORT, https://HOST:PORT or unix:///PATH (default "
                 "SPACELET_ADDRESS, else the agent's socket on this host, else 127.0.0.1:9746)")
      ->type_name("URL")
      ->envname("SPACELET_ADDRESS");
  app.add_option("--ca-file", address.ca_file,
                 "PEM, vouches for the agent's certificate (default SPACELET_CA_FILE, else the system's)")
      ->type_name("FILE")
      ->envname("SPACELET_CA_FILE");
  app.add_option("--cert-file", address.cert_file,
                 "PEM, a certificate to show to the agent (default SPACELET_CERT_FILE)")
      ->type_name("FILE")
      ->envname("SPACELET_CERT_FILE");
  app.add_option("--key-file", address.key_file, "PEM, its key (default SPACELET_KEY_FILE)")
      ->type_name("FILE")
      ->envname("SPACELET_KEY_FILE");
  app.add_option("--user", address.user, "a user of the agent's web configuration (default SPACELET_USER)")
      ->type_name("NAME")
      ->envname("SPACELET_USER");
  app.add_option("--password-file", address.password_file,
                 "holds the user's password (default SPACELET_PASSWORD_FILE)")
      ->type_name("FILE")
      ->envname("SPACELET_PASSWORD_FILE");
}

absl::Status FollowAgent(const app::AgentAddress& address, const std::string& target,
                         const std::function<bool(absl::string_view line)>& on_line) {
  ASSIGN_OR_RETURN(const app::AgentPort port, app::FindAgent(address));
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
  return app::CheckAnswer(
      port, http::Client(port.endpoint).Stream(app::RequestTo(port, target), options, nullptr, on_chunk));
}

int FailAgent(const absl::Status& status) {
  return Fail(status, absl::IsInvalidArgument(status) ? app::kUsage : app::kUnreachable);
}

}  // namespace spacelet::cmd

#include "pkg/controller/docker_trouble.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::controller {
namespace {

std::string Remedy(const absl::Status& ping) {
  switch (ping.code()) {
    case absl::StatusCode::kPermissionDenied:
      return "the agent may not use the socket: run it as root, or add its user to the group docker "
             "(usermod -aG docker USER) and start it again";
    case absl::StatusCode::kFailedPrecondition:
      return "this agent and this Docker engine have no API version in common: upgrade the older one";
    case absl::StatusCode::kDeadlineExceeded:
      return "the daemon takes connections and does not answer: it may be starting or hang (systemctl status "
             "docker)";
    default:
      break;
  }
  if (absl::StrContains(ping.message(), "No such file"))
    return "is Docker installed and started (systemctl start docker)? Another socket is given by "
           "--docker-host";
  if (absl::StrContains(ping.message(), "refused"))
    return "nobody listens there: start Docker (systemctl start docker)";
  return "see systemctl status docker";
}

}  // namespace

Trouble DockerTrouble(const absl::Status& ping, const std::string& host) {
  const bool version = absl::IsFailedPrecondition(ping);
  return {version ? api::reason::kUnsupportedApiVersion : api::reason::kUnreachable,
          absl::StrCat(host, host.empty() ? "" : ": ", ping.message(), "; ", Remedy(ping))};
}

Trouble DockerGreeting(const docker::EngineInfo& engine) {
  const std::string which = absl::StrCat(engine.engine_version, ", API ", engine.api_version);
  if (!engine.podman) return {api::reason::kConnected, absl::StrCat("engine ", which)};
  return {api::reason::kUnsupportedEngine,
          absl::StrCat("Podman ", which,
                       ", answers instead of Docker: not all that spacelet promises holds there "
                       "(docs/compatibility.md); install docker.io or docker-ce")};
}

bool MayBeAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status);
}

}  // namespace spacelet::controller

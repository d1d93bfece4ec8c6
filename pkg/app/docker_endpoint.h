// Which Docker daemon is meant.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pkg/http/client.h"

namespace spacelet::app {

inline constexpr char kDefaultDockerHost[] = "unix:///var/run/docker.sock";

struct DockerEndpoint {
  std::string host;  // as a person wrote it, for status and errors
  http::Endpoint endpoint;
};

// `flag` when not empty, else DOCKER_HOST, else kDefaultDockerHost. As the docker command does, a tcp:// host
// uses TLS when DOCKER_TLS_VERIFY is set, with ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH (default
// ~/.docker). `getenv` gives nullopt for a variable that is not set. Errors: InvalidArgument naming where the
// address came from.
absl::StatusOr<DockerEndpoint> ResolveDockerEndpoint(
    const std::string& flag, const std::function<std::optional<std::string>(const std::string&)>& getenv);

// The status of a daemon that was asked and did not answer, with its address and what a person can do.
absl::Status AboutDaemon(const absl::Status& status, const std::string& host);

// The process's environment.
std::optional<std::string> GetEnv(const std::string& name);

}  // namespace spacelet::app

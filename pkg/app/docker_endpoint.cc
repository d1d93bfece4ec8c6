#include "pkg/app/docker_endpoint.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace spacelet::app {
namespace {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

std::string NonEmpty(const Environment& getenv, const std::string& name, const std::string& otherwise) {
  const std::optional<std::string> value = getenv(name);
  return value.has_value() && !value->empty() ? *value : otherwise;
}

http::TlsFiles CertificatesIn(const std::string& directory) {
  return {directory + "/ca.pem", directory + "/cert.pem", directory + "/key.pem"};
}

}  // namespace

absl::StatusOr<DockerEndpoint> ResolveDockerEndpoint(const std::string& flag, const Environment& getenv) {
  const std::string from_environment = NonEmpty(getenv, "DOCKER_HOST", "");
  DockerEndpoint docker;
  docker.host = !flag.empty() ? flag : !from_environment.empty() ? from_environment : kDefaultDockerHost;
  absl::StatusOr<http::Endpoint> endpoint = http::ParseEndpoint(docker.host);
  if (!endpoint.ok())
    return absl::InvalidArgumentError(
        absl::StrCat(flag.empty() ? "DOCKER_HOST: " : "--docker-host: ", endpoint.status().message()));
  docker.endpoint = *std::move(endpoint);
  const bool verify = !NonEmpty(getenv, "DOCKER_TLS_VERIFY", "").empty();
  if (docker.endpoint.kind == http::Endpoint::Kind::kTcp && verify)
    docker.endpoint.kind = http::Endpoint::Kind::kTls;
  if (docker.endpoint.kind == http::Endpoint::Kind::kTls && verify)
    docker.endpoint.tls =
        CertificatesIn(NonEmpty(getenv, "DOCKER_CERT_PATH", NonEmpty(getenv, "HOME", "/root") + "/.docker"));
  return docker;
}

absl::Status AboutDaemon(const absl::Status& status, const std::string& host) {
  // Refused rights come with their remedy.
  const char* remedy =
      absl::IsPermissionDenied(status) ? "" : "; is the daemon running (systemctl status docker)?";
  return absl::Status(status.code(), absl::StrCat("Docker at ", host, ": ", status.message(), remedy));
}

std::optional<std::string> GetEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace spacelet::app

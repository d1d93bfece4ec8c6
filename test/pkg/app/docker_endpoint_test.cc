#include "pkg/app/docker_endpoint.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"

namespace spacelet::app {
namespace {

using Kind = http::Endpoint::Kind;

absl::StatusOr<DockerEndpoint> Resolve(const std::string& flag,
                                       const std::map<std::string, std::string>& environment) {
  return ResolveDockerEndpoint(flag, [&](const std::string& name) -> std::optional<std::string> {
    const auto variable = environment.find(name);
    return variable == environment.end() ? std::nullopt : std::optional(variable->second);
  });
}

TEST(DockerEndpoint, FlagBeforeEnvironmentBeforeTheDefaultSocket) {
  EXPECT_EQ(Resolve("unix:///a.sock", {{"DOCKER_HOST", "unix:///b.sock"}})->endpoint.path, "/a.sock");
  EXPECT_EQ(Resolve("", {{"DOCKER_HOST", "unix:///b.sock"}})->endpoint.path, "/b.sock");
  EXPECT_EQ(Resolve("", {{"DOCKER_HOST", ""}})->endpoint.path, "/var/run/docker.sock");
  EXPECT_EQ(Resolve("", {})->host, "unix:///var/run/docker.sock");
}

TEST(DockerEndpoint, TcpIsPlainUnlessTlsIsAskedFor) {
  EXPECT_EQ(Resolve("tcp://docker:2375", {})->endpoint.kind, Kind::kTcp);
  const DockerEndpoint tls =
      *Resolve("tcp://docker:2376", {{"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/certs"}});
  EXPECT_EQ(tls.endpoint.kind, Kind::kTls);
  EXPECT_EQ(tls.endpoint.tls.ca, "/certs/ca.pem");
  EXPECT_EQ(tls.endpoint.tls.cert, "/certs/cert.pem");
  EXPECT_EQ(tls.endpoint.tls.key, "/certs/key.pem");
}

TEST(DockerEndpoint, CertificatesAreInTheHomeDirectoryByDefault) {
  const DockerEndpoint tls = *Resolve("tcp://docker:2376", {{"DOCKER_TLS_VERIFY", "1"}, {"HOME", "/home/x"}});
  EXPECT_EQ(tls.endpoint.tls.ca, "/home/x/.docker/ca.pem");
}

TEST(DockerEndpoint, ASocketIgnoresTlsVariables) {
  EXPECT_EQ(Resolve("unix:///a.sock", {{"DOCKER_TLS_VERIFY", "1"}})->endpoint.kind, Kind::kUnix);
}

TEST(DockerEndpoint, AnErrorNamesWhereTheAddressCameFrom) {
  EXPECT_TRUE(absl::StartsWith(Resolve("ftp://x", {}).status().message(), "--docker-host: "));
  EXPECT_TRUE(
      absl::StartsWith(Resolve("", {{"DOCKER_HOST", "ftp://x"}}).status().message(), "DOCKER_HOST: "));
}

}  // namespace
}  // namespace spacelet::app

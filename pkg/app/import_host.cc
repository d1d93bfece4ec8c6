#include "pkg/app/import_host.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/base/host_name.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/http_client.h"

namespace spacelet::app {
namespace {

absl::Status CheckAsked(const std::vector<std::string>& names, const importer::Host& host) {
  for (const std::string& name : names) {
    const bool there = std::any_of(host.containers.begin(), host.containers.end(),
                                   [&](const docker::Recipe& r) { return r.request.name == name; });
    if (!there) return absl::NotFoundError(absl::StrCat("there is no container ", name));
  }
  return absl::OkStatus();
}

absl::Status ReadContainers(docker::HttpClient& docker, importer::Host& host, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::vector<docker::ContainerSummary> all, docker.ListContainers("", stop));
  for (const docker::ContainerSummary& summary : all) {
    absl::StatusOr<docker::Recipe> recipe = docker.ReadRecipe(summary.id, stop);
    if (absl::IsNotFound(recipe.status())) continue;  // removed since the list
    RETURN_IF_ERROR(recipe.status());
    host.containers.push_back(*std::move(recipe));
  }
  return absl::OkStatus();
}

absl::Status ReadNetworks(docker::HttpClient& docker, importer::Host& host, const std::stop_token& stop) {
  std::set<std::string> names;
  for (const docker::Recipe& recipe : host.containers)
    names.insert(recipe.networks.begin(), recipe.networks.end());
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(std::vector<docker::Network> networks, docker.FindNetworks(name, stop));
    for (docker::Network& network : networks) host.networks.push_back(std::move(network.config));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<importer::Imported> ImportHost(const ImportOptions& options, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const DockerEndpoint endpoint, ResolveDockerEndpoint(options.docker.host, GetEnv));
  docker::HttpClient docker(endpoint.endpoint, {.docker_config = options.docker.config, .listener = nullptr});
  if (const absl::Status ping = docker.Ping(stop).status(); !ping.ok())
    return AboutDaemon(ping, endpoint.host);
  importer::Host host;
  host.name = options.host_name.empty() ? base::HostName() : options.host_name;
  host.now = absl::Now();
  RETURN_IF_ERROR(ReadContainers(docker, host, stop));
  RETURN_IF_ERROR(ReadNetworks(docker, host, stop));
  RETURN_IF_ERROR(CheckAsked(options.what.only, host));
  return importer::Import(host, options.what);
}

}  // namespace spacelet::app

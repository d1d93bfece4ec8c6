#include "pkg/app/doctor_docker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/docker/http_client.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/host.h"
#include "pkg/doctor/ports.h"
#include "pkg/observe/rivals.h"
#include "pkg/plan/ownership.h"

namespace spacelet::app {
namespace {

using docker::ContainerSummary;

void LookAtSocket(const std::string& path, doctor::DockerFacts& facts) {
  facts.socket = path;
  facts.user = doctor::UserName(geteuid());
  facts.installed = access("/usr/bin/dockerd", X_OK) == 0 || access("/usr/sbin/dockerd", X_OK) == 0;
  struct stat st {};
  if (stat(path.c_str(), &st) != 0) return;
  facts.socket_exists = true;
  facts.socket_mode = st.st_mode & 07777;
  facts.socket_owner = doctor::UserName(st.st_uid);
  facts.socket_group = doctor::GroupName(st.st_gid);
  facts.user_in_group = doctor::IsMember(facts.user, st.st_gid);
}

bool AnyAddress(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

std::string PortText(const docker::PortBinding& port) {
  return absl::StrCat(AnyAddress(port.host_ip) ? "0.0.0.0" : port.host_ip, ":", port.host_port, "/",
                      port.protocol);
}

bool Overlap(const docker::PortBinding& a, const docker::PortBinding& b) {
  return a.host_port == b.host_port && a.protocol == b.protocol &&
         (AnyAddress(a.host_ip) || AnyAddress(b.host_ip) || a.host_ip == b.host_ip);
}

// Who has a port: a container by the daemon's list, else a process by the kernel's.
class PortSearch {
 public:
  PortSearch(const std::vector<ContainerSummary>& containers, const std::vector<doctor::Listener>& listeners)
      : containers_(containers), listeners_(listeners) {}

  doctor::PortFacts Find(const std::string& container, const docker::PortBinding& port) const {
    doctor::PortFacts facts{.container = container, .address = PortText(port)};
    if (const ContainerSummary* with = ContainerWith(port)) {
      const bool ours = plan::IsOwned(with->labels) && plan::BaseName(with->name) == container;
      facts.holder = ours ? doctor::Holder::kOurs : doctor::Holder::kContainer;
      facts.who = absl::StrCat("container ", with->name, " (image ", with->image, ")");
      facts.fix = absl::StrCat("docker stop ", with->name);
      return facts;
    }
    const doctor::Listener* listener = InTheWay(listeners_, port.host_ip, port.host_port, port.protocol);
    if (listener == nullptr) return facts;
    facts.who = doctor::ProcessWith(listener->inode);
    facts.holder = facts.who.empty() ? doctor::Holder::kUnknown : doctor::Holder::kProcess;
    return facts;
  }

 private:
  const ContainerSummary* ContainerWith(const docker::PortBinding& port) const {
    for (const ContainerSummary& container : containers_)
      for (const docker::PortBinding& theirs : container.ports)
        if (Overlap(port, theirs)) return &container;
    return nullptr;
  }
  const std::vector<ContainerSummary>& containers_;
  const std::vector<doctor::Listener>& listeners_;
};

void LookAtPorts(const std::optional<desired::Compiled>& compiled,
                 const std::vector<ContainerSummary>& containers, doctor::Facts& facts) {
  const auto listeners = doctor::ReadListeners("/proc/net");
  facts.ports_known = listeners.has_value() && !facts.docker.socket.empty();
  if (!facts.ports_known) return;
  const PortSearch search(containers, *listeners);
  if (!compiled) {
    facts.ports.push_back(search.Find("vm-runner", {"127.0.0.1", 3000, 3000, "tcp"}));
    return;
  }
  for (const desired::Container& container : compiled->host.containers)
    for (const docker::PortBinding& port : container.config.ports)
      facts.ports.push_back(search.Find(container.name, port));
}

// The name of a workload, taken by a container that is not ours and is not to be taken over.
void LookForTakenNames(const desired::Host& host, const std::vector<ContainerSummary>& foreign,
                       std::vector<doctor::RivalFacts>& rivals) {
  for (const desired::Container& want : host.containers)
    for (const ContainerSummary& container : foreign)
      if (container.name == want.name && !want.takeover)
        rivals.push_back(
            {absl::StrCat("container ", container.name, " (image ", container.image,
                          ") was not made by spacelet and has the name of a workload: set `takeover: true` "
                          "there, or rename or remove it"),
             true});
}

// As the agent looks for them; a port that is taken is CheckPorts' affair.
void LookForRivals(docker::HttpClient& docker, const desired::Host& host, std::vector<ContainerSummary> all,
                   doctor::Facts& facts, const std::stop_token& stop) {
  std::erase_if(all, [](const ContainerSummary& c) { return plan::IsOwned(c.labels); });
  std::map<std::string, docker::Container> suspects;
  for (const ContainerSummary& container : all) {
    if (!observe::IsSuspect(host, container)) continue;
    absl::StatusOr<docker::Container> inspected = docker.InspectContainer(container.id, stop);
    if (inspected.ok()) suspects[container.id] = *std::move(inspected);
  }
  LookForTakenNames(host, all, facts.rivals);
  for (const plan::Rival& rival : observe::FindRivals(host, all, suspects))
    if (!rival.blocks) facts.rivals.push_back({rival.reason, false});
}

void LookForImages(docker::HttpClient& docker, const desired::Host& host, DaemonFacts& daemon,
                   const std::stop_token& stop) {
  std::vector<std::string> images;
  for (const desired::Container& container : host.containers) images.push_back(container.image());
  const auto found = docker.FindImages(images, stop);
  for (const std::string& image : images) daemon.present[image] = found.ok() && found->count(image) > 0;
}

void LookAtEngine(docker::HttpClient& docker, const docker::EngineInfo& info, doctor::Facts& facts,
                  DaemonFacts& daemon, const std::stop_token& stop) {
  doctor::EngineFacts& engine = facts.docker.engine;
  engine.version = info.engine_version;
  engine.api = info.api_version;
  engine.podman = info.podman;
  const auto settings = docker.ReadSettings(stop);
  if (!settings.ok()) return;
  engine.data_root = settings->data_root;
  engine.cpus = settings->cpus;
  engine.storage_driver = settings->storage_driver;
  engine.cgroup_version = settings->cgroup_version;
  engine.memory_limit = settings->memory_limit;
  engine.live_restore = settings->live_restore;
  daemon.https_proxy = settings->https_proxy;
  daemon.no_proxy = settings->no_proxy;
}

absl::StatusOr<docker::EngineInfo> Ping(docker::HttpClient& docker, const doctor::Facts& facts,
                                        const std::stop_token& stop) {
  const bool default_host = facts.docker.host == kDefaultDockerHost;
  if (!default_host || !doctor::StartsWhenAsked(facts.boot)) return docker.Ping(stop);
  return absl::UnavailableError(
      absl::StrCat("docker.service is ", facts.boot.docker.active, " (not asked: that would start it)"));
}

}  // namespace

DaemonFacts ExamineDocker(const DoctorOptions& options, const ExaminedDocument& document,
                          doctor::Facts& facts, const std::stop_token& stop) {
  DaemonFacts daemon;
  const auto endpoint = ResolveDockerEndpoint(options.docker.host, GetEnv);
  facts.docker.host = endpoint.ok() ? endpoint->host : options.docker.host;
  facts.docker.answer = endpoint.status();
  facts.rivals_unknown = "needs Docker to answer";
  if (!endpoint.ok()) return daemon;
  if (endpoint->endpoint.kind == http::Endpoint::Kind::kUnix)
    LookAtSocket(endpoint->endpoint.path, facts.docker);
  docker::HttpClient docker(endpoint->endpoint, {.docker_config = "", .listener = nullptr});
  const auto info = Ping(docker, facts, stop);
  facts.docker.answer = info.status();
  std::vector<ContainerSummary> containers;
  if (info.ok()) {
    LookAtEngine(docker, *info, facts, daemon, stop);
    containers = docker.ListContainers("", stop).value_or(std::vector<ContainerSummary>());
  }
  LookAtPorts(document.compiled, containers, facts);
  if (!info.ok()) return daemon;
  facts.rivals_unknown = document.compiled ? "" : "needs a valid document";
  if (!document.compiled) return daemon;
  LookForRivals(docker, document.compiled->host, containers, facts, stop);
  LookForImages(docker, document.compiled->host, daemon, stop);
  return daemon;
}

}  // namespace spacelet::app

#include "test/testing/fake_json.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace spacelet::testing {
namespace {

using Json = nlohmann::json;
using docker::ContainerStatus;

const Json& At(const Json& json, const char* key) {
  static const Json kNull;
  const auto it = json.is_object() ? json.find(key) : json.end();
  return it == json.end() ? kNull : *it;
}

template <typename T>
T Get(const Json& json, const char* key, T fallback = {}) {
  const Json& value = At(json, key);
  return value.is_null() ? fallback : value.get<T>();
}

template <typename T>
std::optional<T> Maybe(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

using Strings = std::vector<std::string>;
using StringMap = std::map<std::string, std::string>;

uint16_t PortNumber(const std::string& text) {
  uint32_t port = 0;
  return absl::SimpleAtoi(text, &port) ? static_cast<uint16_t>(port) : uint16_t{0};
}

std::vector<docker::PortBinding> PortsFrom(const Json& bindings) {
  std::vector<docker::PortBinding> ports;
  if (!bindings.is_object()) return ports;
  for (const auto& [key, list] : bindings.items()) {
    const std::pair<std::string, std::string> port = absl::StrSplit(key, absl::MaxSplits('/', 1));
    for (const Json& binding : list) {
      ports.push_back({Get<std::string>(binding, "HostIp"), PortNumber(Get<std::string>(binding, "HostPort")),
                       PortNumber(port.first), port.second.empty() ? "tcp" : port.second});
    }
  }
  return ports;
}

std::string Zulu(absl::Time time) {
  if (time == absl::InfinitePast()) return "0001-01-01T00:00:00Z";
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E9SZ", time, absl::UTCTimeZone());
}

std::string StatusName(ContainerStatus status) {
  static const std::map<ContainerStatus, std::string> kNames = {
      {ContainerStatus::kCreated, "created"},   {ContainerStatus::kRunning, "running"},
      {ContainerStatus::kPaused, "paused"},     {ContainerStatus::kRestarting, "restarting"},
      {ContainerStatus::kRemoving, "removing"}, {ContainerStatus::kExited, "exited"},
      {ContainerStatus::kDead, "dead"},         {ContainerStatus::kUnknown, ""}};
  return kNames.at(status);
}

Json StateJson(const docker::Container& container) {
  const ContainerStatus status = container.status;
  const bool paused = status == ContainerStatus::kPaused, restarting = status == ContainerStatus::kRestarting;
  Json state = {{"Status", StatusName(status)},
                {"Running", status == ContainerStatus::kRunning || paused || restarting},
                {"Paused", paused},
                {"Restarting", restarting},
                {"OOMKilled", container.oom_killed},
                {"Dead", status == ContainerStatus::kDead},
                {"Pid", status == ContainerStatus::kRunning ? 4711 : 0},
                {"ExitCode", container.exit_code},
                {"Error", container.error},
                {"StartedAt", Zulu(container.started_at)},
                {"FinishedAt", Zulu(container.finished_at)}};
  if (!container.health.empty())
    state["Health"] = {{"Status", container.health}, {"FailingStreak", 0}, {"Log", nullptr}};
  return state;
}

Json PortsJson(const std::vector<docker::PortBinding>& ports) {
  Json bindings = Json::object();
  for (const docker::PortBinding& port : ports) {
    bindings[absl::StrCat(port.container_port, "/", port.protocol)].push_back(
        {{"HostIp", port.host_ip}, {"HostPort", absl::StrCat(port.host_port)}});
  }
  return bindings;
}

Json HostConfigJson(const docker::Container& container) {
  Json mounts = Json::array();
  for (const docker::Mount& mount : container.mounts) {
    mounts.push_back({{"Type", "bind"},
                      {"Source", mount.source},
                      {"Target", mount.target},
                      {"ReadOnly", mount.read_only}});
  }
  const docker::LiveResources& live = container.resources;
  return {{"NetworkMode", container.network_mode},
          {"PortBindings", PortsJson(container.ports)},
          {"RestartPolicy",
           {{"Name", container.restart_policy.name},
            {"MaximumRetryCount", container.restart_policy.max_retries}}},
          {"Mounts", mounts},
          {"Binds", nullptr},
          {"NanoCpus", live.nano_cpus.value_or(0)},
          {"Memory", live.memory.value_or(0)},
          {"MemorySwap", live.memory_swap.value_or(0)},
          {"PidsLimit", live.pids_limit ? Json(*live.pids_limit) : Json(nullptr)},
          {"CpuShares", live.cpu_shares.value_or(0)}};
}

Json EndpointsJson(const std::map<std::string, docker::Attachment>& networks) {
  Json endpoints = Json::object();
  for (const auto& [name, attachment] : networks) {
    endpoints[name] = {{"Aliases", attachment.aliases.empty() ? Json(nullptr) : Json(attachment.aliases)},
                       {"NetworkID", attachment.network_id},
                       {"IPAddress", attachment.ip},
                       {"IPAMConfig", nullptr}};
  }
  return endpoints;
}

}  // namespace

docker::LiveResources ResourcesFrom(const Json& host) {
  return {Maybe<int64_t>(host, "NanoCpus"), Maybe<int64_t>(host, "Memory"),
          Maybe<int64_t>(host, "MemorySwap"), Maybe<int64_t>(host, "PidsLimit"),
          Maybe<int64_t>(host, "CpuShares")};
}

std::optional<docker::RestartPolicy> RestartPolicyFrom(const Json& host) {
  const Json& policy = At(host, "RestartPolicy");
  if (policy.is_null()) return std::nullopt;
  return docker::RestartPolicy{Get<std::string>(policy, "Name"), Get<int>(policy, "MaximumRetryCount")};
}

docker::ContainerConfig ContainerConfigFrom(const Json& body) {
  const Json& host = At(body, "HostConfig");
  docker::ContainerConfig config;
  config.image = Get<std::string>(body, "Image");
  config.hostname = Get<std::string>(body, "Hostname");
  config.cmd = Maybe<Strings>(body, "Cmd");
  for (const std::string& entry : Get<Strings>(body, "Env")) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    config.env[parts.first].value = parts.second;
  }
  config.labels = Get<StringMap>(body, "Labels");
  if (const auto timeout = Maybe<int64_t>(body, "StopTimeout")) config.stop_timeout = absl::Seconds(*timeout);
  for (const Json& mount : Get<Json>(host, "Mounts", Json::array())) {
    config.mounts.push_back(
        {Get<std::string>(mount, "Source"), Get<std::string>(mount, "Target"), Get<bool>(mount, "ReadOnly")});
  }
  config.ports = PortsFrom(At(host, "PortBindings"));
  config.network_mode = Get<std::string>(host, "NetworkMode");
  const Json& endpoints = At(At(body, "NetworkingConfig"), "EndpointsConfig");
  if (endpoints.is_object() && !endpoints.empty())
    config.aliases = Get<Strings>(*endpoints.begin(), "Aliases");
  config.restart_policy = RestartPolicyFrom(host).value_or(docker::RestartPolicy{});
  config.resources = ResourcesFrom(host);
  return config;
}

docker::NetworkConfig NetworkConfigFrom(const Json& body) {
  docker::NetworkConfig config;
  config.name = Get<std::string>(body, "Name");
  config.driver = Get<std::string>(body, "Driver");
  config.ipv6 = Get<bool>(body, "EnableIPv6");
  config.internal = Get<bool>(body, "Internal");
  config.options = Get<StringMap>(body, "Options");
  config.labels = Get<StringMap>(body, "Labels");
  for (const Json& pool : Get<Json>(At(body, "IPAM"), "Config", Json::array())) {
    config.subnet = Get<std::string>(pool, "Subnet");
    config.gateway = Get<std::string>(pool, "Gateway");
  }
  return config;
}

Json ToJson(const docker::Container& container) {
  Strings env;
  for (const auto& [name, value] : container.env) env.push_back(absl::StrCat(name, "=", value));
  Json config = {{"Image", container.image},   {"Hostname", container.hostname}, {"Env", env},
                 {"Labels", container.labels}, {"Cmd", container.cmd},           {"Tty", false}};
  if (container.stop_timeout) config["StopTimeout"] = absl::ToInt64Seconds(*container.stop_timeout);
  return {{"Id", container.id},
          {"Name", absl::StrCat("/", container.name)},
          {"Image", container.image_id},
          {"Created", Zulu(container.created_at)},
          {"RestartCount", container.restart_count},
          {"State", StateJson(container)},
          {"Config", config},
          {"HostConfig", HostConfigJson(container)},
          {"NetworkSettings", {{"Networks", EndpointsJson(container.networks)}}}};
}

Json ToJson(const docker::ContainerSummary& row) {
  Json ports = Json::array(), networks = Json::object();
  for (const docker::PortBinding& port : row.ports) {
    ports.push_back({{"IP", port.host_ip},
                     {"PublicPort", port.host_port},
                     {"PrivatePort", port.container_port},
                     {"Type", port.protocol}});
  }
  for (const std::string& name : row.networks) networks[name] = {{"Aliases", nullptr}};
  return {{"Id", row.id},       {"Names", {absl::StrCat("/", row.name)}},
          {"Image", row.image}, {"ImageID", row.image_id},
          {"State", row.state}, {"Labels", row.labels},
          {"Ports", ports},     {"NetworkSettings", {{"Networks", networks}}}};
}

Json ToJson(const docker::Network& network, bool with_members) {
  const docker::NetworkConfig& config = network.config;
  Json pools = Json::array(), members = Json::object();
  if (!config.subnet.empty()) pools.push_back({{"Subnet", config.subnet}, {"Gateway", config.gateway}});
  for (const docker::NetworkMember& member : network.members) {
    if (with_members) members[member.container_id] = {{"Name", member.container_name}};
  }
  return {{"Id", network.id},
          {"Name", config.name},
          {"Driver", config.driver},
          {"Scope", "local"},
          {"EnableIPv6", config.ipv6},
          {"Internal", config.internal},
          {"Options", config.options},
          {"Labels", config.labels},
          {"IPAM", {{"Driver", "default"}, {"Options", nullptr}, {"Config", pools}}},
          {"Containers", members}};
}

Json ToJson(const docker::Image& image) {
  return {{"Id", image.id}, {"RepoTags", image.repo_tags},        {"RepoDigests", image.repo_digests},
          {"Os", image.os}, {"Architecture", image.architecture}, {"Size", image.size}};
}

Json ToJson(const docker::Event& event) {
  return {{"Type", event.type},
          {"Action", event.action},
          {"Actor", {{"ID", event.actor_id}, {"Attributes", event.attributes}}},
          {"scope", "local"},
          {"time", event.time_nano / 1000000000},
          {"timeNano", event.time_nano}};
}

}  // namespace spacelet::testing

#include "pkg/docker/encode.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

using Json = nlohmann::json;  // its objects are std::map: keys come out sorted

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void Put(Json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}
void Put(Json& out, const char* key, bool value) {
  if (value) out[key] = true;
}
template <typename T>
void Put(Json& out, const char* key, const std::optional<T>& value) {
  if (value) out[key] = *value;
}
template <typename T>
void Put(Json& out, const char* key, const std::vector<T>& values) {
  if (!values.empty()) out[key] = values;
}
void Put(Json& out, const char* key, const std::map<std::string, std::string>& values) {
  if (!values.empty()) out[key] = values;
}

Json EncodeEnv(const std::map<std::string, EnvVar>& env) {
  Json out = Json::array();
  for (const auto& [name, variable] : env) out.push_back(absl::StrCat(name, "=", variable.value));
  return out;
}

Json EncodeHealth(const HealthConfig& health) {
  Json out = Json::object();
  if (!health.test.empty()) out["Test"] = health.test;
  const auto put_duration = [&](const char* key, absl::Duration d) {
    if (d > absl::ZeroDuration()) out[key] = absl::ToInt64Nanoseconds(d);
  };
  put_duration("Interval", health.interval);
  put_duration("Timeout", health.timeout);
  put_duration("StartPeriod", health.start_period);
  if (health.retries > 0) out["Retries"] = health.retries;
  return out;
}

Json EncodeMounts(const std::vector<Mount>& mounts) {
  Json out = Json::array();
  for (const Mount& mount : mounts) {
    Json one = {{"Type", "bind"}, {"Source", mount.source}, {"Target", mount.target}};
    Put(one, "ReadOnly", mount.read_only);
    out.push_back(std::move(one));
  }
  return out;
}

std::string PortKey(const PortBinding& port) { return absl::StrCat(port.container_port, "/", port.protocol); }

Json EncodePortBindings(const std::vector<PortBinding>& ports) {
  Json out = Json::object();
  for (const PortBinding& port : ports) {
    Json one = {{"HostPort", absl::StrCat(port.host_port)}};
    Put(one, "HostIp", port.host_ip);
    out[PortKey(port)].push_back(std::move(one));
  }
  return out;
}

Json EncodeExposedPorts(const std::vector<PortBinding>& ports) {
  Json out = Json::object();
  for (const PortBinding& port : ports) out[PortKey(port)] = Json::object();
  return out;
}

Json EncodeRestartPolicy(const RestartPolicy& policy) {
  Json out = {{"Name", policy.name}};
  if (policy.max_retries > 0) out["MaximumRetryCount"] = policy.max_retries;
  return out;
}

void PutResources(Json& out, const LiveResources& resources) {
  Put(out, "NanoCpus", resources.nano_cpus);
  Put(out, "Memory", resources.memory);
  Put(out, "MemorySwap", resources.memory_swap);
  Put(out, "PidsLimit", resources.pids_limit);
  Put(out, "CpuShares", resources.cpu_shares);
}

void PutDevices(Json& host, const ContainerConfig& config) {
  for (const Device& device : config.devices) {
    host["Devices"].push_back({{"PathOnHost", device.host_path},
                               {"PathInContainer", device.container_path},
                               {"CgroupPermissions", device.permissions}});
  }
  for (const Ulimit& ulimit : config.ulimits) {
    host["Ulimits"].push_back({{"Name", ulimit.name}, {"Soft", ulimit.soft}, {"Hard", ulimit.hard}});
  }
}

void PutSecurity(Json& host, const ContainerConfig& config) {
  Put(host, "ReadonlyRootfs", config.read_only);
  Put(host, "Privileged", config.privileged);
  Put(host, "CapAdd", config.cap_add);
  Put(host, "CapDrop", config.cap_drop);
  if (config.no_new_privileges) host["SecurityOpt"] = {"no-new-privileges"};
}

void PutNetworking(Json& host, const ContainerConfig& config) {
  Put(host, "NetworkMode", config.network_mode);
  if (!config.ports.empty()) host["PortBindings"] = EncodePortBindings(config.ports);
  Put(host, "ExtraHosts", config.extra_hosts);
  Put(host, "Dns", config.dns);
}

Json EncodeHostConfig(const ContainerConfig& config) {
  Json host = Json::object();
  if (!config.mounts.empty()) host["Mounts"] = EncodeMounts(config.mounts);
  Put(host, "Tmpfs", config.tmpfs);
  if (config.host_pid) host["PidMode"] = "host";
  if (config.restart_policy != RestartPolicy{})
    host["RestartPolicy"] = EncodeRestartPolicy(config.restart_policy);
  if (!config.log.driver.empty()) {
    host["LogConfig"]["Type"] = config.log.driver;
    Put(host["LogConfig"], "Config", config.log.options);
  }
  Put(host, "Init", config.init);
  Put(host, "Sysctls", config.sysctls);
  Put(host, "ShmSize", config.shm_size);
  PutNetworking(host, config);
  PutResources(host, config.resources);
  PutSecurity(host, config);
  PutDevices(host, config);
  return host;
}

Json EncodeEndpoint(const std::vector<std::string>& aliases) {
  Json out = Json::object();
  Put(out, "Aliases", aliases);
  return out;
}

}  // namespace

std::string EncodeCreateContainer(const CreateContainerRequest& request) {
  const ContainerConfig& config = request.config;
  Json body = {{"Image", config.image}};
  Put(body, "Hostname", config.hostname);
  Put(body, "User", config.user);
  Put(body, "WorkingDir", config.working_dir);
  Put(body, "Entrypoint", config.entrypoint);
  Put(body, "Cmd", config.cmd);
  if (!config.env.empty()) body["Env"] = EncodeEnv(config.env);
  Put(body, "Labels", config.labels);
  Put(body, "StopSignal", config.stop_signal);
  if (config.stop_timeout) body["StopTimeout"] = absl::ToInt64Seconds(*config.stop_timeout);
  if (config.health) body["Healthcheck"] = EncodeHealth(*config.health);
  if (!config.ports.empty()) body["ExposedPorts"] = EncodeExposedPorts(config.ports);
  if (Json host = EncodeHostConfig(config); !host.empty()) body["HostConfig"] = std::move(host);
  if (!config.aliases.empty()) {
    body["NetworkingConfig"]["EndpointsConfig"][config.network_mode] = EncodeEndpoint(config.aliases);
  }
  return Dump(body);
}

std::string EncodeUpdateContainer(const LiveResources& resources,
                                  const std::optional<RestartPolicy>& restart_policy) {
  Json body = Json::object();
  PutResources(body, resources);
  if (restart_policy) body["RestartPolicy"] = EncodeRestartPolicy(*restart_policy);
  return Dump(body);
}

std::string EncodeCreateNetwork(const NetworkConfig& config) {
  Json body = {{"Name", config.name}, {"CheckDuplicate", true}};
  Put(body, "Driver", config.driver);
  Put(body, "EnableIPv6", config.ipv6);
  Put(body, "Internal", config.internal);
  Put(body, "Options", config.options);
  Put(body, "Labels", config.labels);
  if (!config.subnet.empty()) {
    Json pool = {{"Subnet", config.subnet}};
    Put(pool, "Gateway", config.gateway);
    body["IPAM"]["Config"] = Json::array({std::move(pool)});
  }
  return Dump(body);
}

std::string EncodeConnectNetwork(absl::string_view container, const std::vector<std::string>& aliases) {
  Json body = {{"Container", std::string(container)}};
  if (!aliases.empty()) body["EndpointConfig"] = EncodeEndpoint(aliases);
  return Dump(body);
}

std::string EncodeDisconnectNetwork(absl::string_view container, bool force) {
  Json body = {{"Container", std::string(container)}};
  Put(body, "Force", force);
  return Dump(body);
}

std::string EncodeCreateExec(const std::vector<std::string>& argv) {
  return Dump({{"Cmd", argv}, {"AttachStdout", true}, {"AttachStderr", true}});
}

std::string EncodeStartExec() { return Dump({{"Detach", false}, {"Tty", false}}); }

std::string EncodeFilters(const std::map<std::string, std::vector<std::string>>& filters) {
  return Dump(filters);
}

std::string EncodeCredential(const RegistryCredential& credential) {
  if (!credential.identity_token.empty()) {
    Json body = {{"identitytoken", credential.identity_token}};
    Put(body, "serveraddress", credential.server_address);
    return Dump(body);
  }
  Json body = {{"username", credential.username}, {"password", credential.password}};
  Put(body, "serveraddress", credential.server_address);
  return Dump(body);
}

}  // namespace spacelet::docker

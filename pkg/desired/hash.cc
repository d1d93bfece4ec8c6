// Canonical JSON: std::map orders the keys, no space, and a field that has its default value is left out, so
// that a field that a later version adds changes no hash of today (docs/adr/0002). Every name here is frozen.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "pkg/base/digest.h"
#include "pkg/desired/compile.h"

namespace spacelet::desired {
namespace {

using nlohmann::json;

constexpr char kHashVersion[] = "v1:";
constexpr char kOwnLabels[] =
    "dev.spacelet.";  // ours are for people or derived; the component has a field of its own

template <typename T>
void Put(json& to, const char* name, const T& value) {
  if (value != T{}) to[name] = value;
}

template <typename T>
void Put(json& to, const char* name, const std::optional<T>& value) {
  if (value) to[name] = *value;  // an empty list that was written is not an absent one
}

// For lists whose order means nothing.
void PutSorted(json& to, const char* name, std::vector<json> values) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end(), [](const json& a, const json& b) { return a.dump() < b.dump(); });
  to[name] = std::move(values);
}

template <typename T>
void PutSorted(json& to, const char* name, const std::vector<T>& values, json (*encode)(const T&)) {
  std::vector<json> encoded;
  for (const T& value : values) encoded.push_back(encode(value));
  PutSorted(to, name, std::move(encoded));
}

json EncodeText(const std::string& text) { return text; }

json EncodeMount(const docker::Mount& mount) {
  json out = json::object();
  Put(out, "source", mount.source);
  Put(out, "target", mount.target);
  Put(out, "readOnly", mount.read_only);
  return out;
}

json EncodePort(const docker::PortBinding& port) {
  json out = json::object();
  Put(out, "hostIp", port.host_ip);
  Put(out, "hostPort", port.host_port);
  Put(out, "containerPort", port.container_port);
  if (port.protocol != "tcp") out["protocol"] = port.protocol;
  return out;
}

json EncodeDevice(const docker::Device& device) {
  json out = json::object();
  Put(out, "host", device.host_path);
  Put(out, "container", device.container_path);
  if (device.permissions != "rwm") out["permissions"] = device.permissions;
  return out;
}

json EncodeUlimit(const docker::Ulimit& limit) {
  return {{"name", limit.name}, {"soft", limit.soft}, {"hard", limit.hard}};
}

json EncodeLog(const docker::LogConfig& log) {
  json out = json::object();
  Put(out, "driver", log.driver);
  Put(out, "options", log.options);
  return out;
}

json EncodeHealth(const docker::HealthConfig& health) {
  json out = json::object();
  Put(out, "test", health.test);
  Put(out, "intervalSeconds", absl::ToInt64Seconds(health.interval));
  Put(out, "timeoutSeconds", absl::ToInt64Seconds(health.timeout));
  Put(out, "startPeriodSeconds", absl::ToInt64Seconds(health.start_period));
  Put(out, "retries", health.retries);
  return out;
}

// Where the secret comes from, never what it is: another file is another secret.
std::string Identity(const api::SecretSource& source) {
  switch (source.kind) {
    case api::SecretSource::Kind::kFile:
      return absl::StrCat("file ", source.file);
    case api::SecretSource::Kind::kEnv:
      return absl::StrCat("env ", source.env);
    case api::SecretSource::Kind::kCommand:
      return source.command.empty() ? "command" : absl::StrCat("command ", source.command.front());
    case api::SecretSource::Kind::kValue:
      break;
  }
  return "value";
}

json EncodeSecret(const api::SecretSource& source) { return {{"secret", Identity(source)}}; }

json EncodeFile(const File& file) {
  json out = json::object();
  Put(out, "path", file.path);
  if (file.secret) out.update(EncodeSecret(*file.secret));
  if (!file.secret) out["sha256"] = base::Sha256Hex(file.content);
  if (file.mode != 0644) out["mode"] = file.mode;
  return out;
}

void PutEnv(json& to, const Container& container) {
  json env = json::object();
  for (const auto& [name, variable] : container.config.env)
    if (!variable.secret) env[name] = variable.value;
  for (const auto& [name, source] : container.secret_env) env[name] = EncodeSecret(source);
  if (!env.empty()) to["env"] = std::move(env);
}

void PutLabels(json& to, const std::map<std::string, std::string>& labels) {
  json own = json::object();
  for (const auto& [name, value] : labels)
    if (!absl::StartsWith(name, kOwnLabels)) own[name] = value;
  if (!own.empty()) to["labels"] = std::move(own);
}

void PutProcess(json& to, const docker::ContainerConfig& config) {
  Put(to, "image", config.image);
  Put(to, "hostname", config.hostname);
  Put(to, "user", config.user);
  Put(to, "workingDir", config.working_dir);
  Put(to, "entrypoint", config.entrypoint);
  Put(to, "cmd", config.cmd);
  Put(to, "stopSignal", config.stop_signal);
  if (config.stop_timeout) to["stopTimeoutSeconds"] = absl::ToInt64Seconds(*config.stop_timeout);
  Put(to, "init", config.init);
  // Patience with the image's own check says nothing about what runs, and containers made without it stay.
  if (config.health && !config.health->test.empty()) to["health"] = EncodeHealth(*config.health);
}

void PutHost(json& to, const docker::ContainerConfig& config) {
  PutSorted(to, "mounts", config.mounts, EncodeMount);
  Put(to, "tmpfs", config.tmpfs);
  PutSorted(to, "ports", config.ports, EncodePort);
  Put(to, "networkMode", config.network_mode);
  PutSorted(to, "aliases", config.aliases, EncodeText);
  Put(to, "hostPid", config.host_pid);
  Put(to, "extraHosts", config.extra_hosts);
  Put(to, "dns", config.dns);
  if (config.log != docker::LogConfig{}) to["log"] = EncodeLog(config.log);
}

void PutSecurity(json& to, const docker::ContainerConfig& config) {
  Put(to, "readOnly", config.read_only);
  Put(to, "privileged", config.privileged);
  Put(to, "noNewPrivileges", config.no_new_privileges);
  PutSorted(to, "capAdd", config.cap_add, EncodeText);
  PutSorted(to, "capDrop", config.cap_drop, EncodeText);
  PutSorted(to, "devices", config.devices, EncodeDevice);
  PutSorted(to, "ulimits", config.ulimits, EncodeUlimit);
  Put(to, "sysctls", config.sysctls);
  Put(to, "shmSize", config.shm_size);
}

// Documents are valid UTF-8; should a byte slip through, a replacement character is better than an exception.
std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string TextOf(const json& object, const char* name) {
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

bool FlagOf(const json& object, const char* name) {
  auto it = object.find(name);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

std::map<std::string, std::string> TextsOf(const json& object, const char* name) {
  std::map<std::string, std::string> out;
  auto it = object.find(name);
  if (it == object.end() || !it->is_object()) return out;
  for (const auto& [key, value] : it->items())
    if (value.is_string()) out[key] = value.get<std::string>();
  return out;
}

}  // namespace

std::string CanonicalJson(const Container& container) {
  json out = json::object();
  Put(out, "component", container.component);
  Put(out, "platform", container.platform);
  PutProcess(out, container.config);
  PutEnv(out, container);
  PutLabels(out, container.config.labels);
  PutHost(out, container.config);
  PutSecurity(out, container.config);
  PutSorted(out, "files", container.files, EncodeFile);
  return Dump(out);
}

std::string CanonicalJson(const docker::NetworkConfig& network) {
  json out = json::object();
  Put(out, "name", network.name);
  Put(out, "driver", network.driver);
  Put(out, "subnet", network.subnet);
  Put(out, "gateway", network.gateway);
  Put(out, "ipv6", network.ipv6);
  Put(out, "internal", network.internal);
  Put(out, "options", network.options);
  PutLabels(out, network.labels);
  return Dump(out);
}

std::optional<docker::NetworkConfig> NetworkFromCanonicalJson(absl::string_view text) {
  const json in = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!in.is_object() || TextOf(in, "name").empty()) return std::nullopt;
  docker::NetworkConfig out;
  out.name = TextOf(in, "name");
  out.driver = TextOf(in, "driver");
  out.subnet = TextOf(in, "subnet");
  out.gateway = TextOf(in, "gateway");
  out.ipv6 = FlagOf(in, "ipv6");
  out.internal = FlagOf(in, "internal");
  out.options = TextsOf(in, "options");
  out.labels = TextsOf(in, "labels");
  return out;
}

std::string SpecHash(const Container& container) {
  return absl::StrCat(kHashVersion, base::Sha256Hex(CanonicalJson(container)));
}

std::string SpecHash(const docker::NetworkConfig& network) {
  return absl::StrCat(kHashVersion, base::Sha256Hex(CanonicalJson(network)));
}

}  // namespace spacelet::desired

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/json_fields.h"

namespace spacelet::docker {
namespace {

absl::Time DecodeTime(const std::string& text) {
  absl::Time time;
  if (absl::StartsWith(text, "0001-") || !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return absl::InfinitePast();
  }
  return time;
}

ContainerStatus DecodeStatus(const std::string& status) {
  static const std::map<std::string, ContainerStatus> kStatuses = {
      {"created", ContainerStatus::kCreated},   {"running", ContainerStatus::kRunning},
      {"stopping", ContainerStatus::kRunning},  // podman
      {"paused", ContainerStatus::kPaused},     {"restarting", ContainerStatus::kRestarting},
      {"removing", ContainerStatus::kRemoving}, {"exited", ContainerStatus::kExited},
      {"dead", ContainerStatus::kDead}};
  const auto it = kStatuses.find(status);
  return it == kStatuses.end() ? ContainerStatus::kUnknown : it->second;
}

std::map<std::string, std::string> DecodeEnv(const Json& json) {
  std::map<std::string, std::string> out;
  for (const std::string& entry : StringList(json)) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    out.insert(parts);
  }
  return out;
}

RestartPolicy DecodeRestartPolicy(const Json& json) {
  RestartPolicy policy;
  if (std::string name = String(json, "Name"); !name.empty()) policy.name = std::move(name);
  policy.max_retries = SmallInt(json, "MaximumRetryCount");
  return policy;
}

std::optional<int64_t> Limit(const Json& json, const char* key) {
  const int64_t value = Int(json, key);
  return value == 0 ? std::nullopt : std::optional<int64_t>(value);
}

LiveResources DecodeResources(const Json& host) {
  LiveResources out;
  out.nano_cpus = Limit(host, "NanoCpus");
  out.memory = Limit(host, "Memory");
  out.memory_swap = Limit(host, "MemorySwap");
  out.cpu_shares = Limit(host, "CpuShares");
  out.pids_limit = Limit(host, "PidsLimit");
  if (out.pids_limit && *out.pids_limit < 0) out.pids_limit.reset();
  return out;
}

// "3000/tcp": [{"HostIp": "", "HostPort": "3000"}]
std::vector<PortBinding> DecodePortBindings(const Json& json) {
  std::vector<PortBinding> out;
  for (const auto& [key, bindings] : Items(json)) {
    const std::pair<std::string, std::string> port = absl::StrSplit(key, absl::MaxSplits('/', 1));
    for (const Json& binding : Elements(*bindings)) {
      int64_t container_port = 0, host_port = 0;
      if (!absl::SimpleAtoi(port.first, &container_port)) continue;
      if (!absl::SimpleAtoi(String(binding, "HostPort"), &host_port)) host_port = 0;
      out.push_back({String(binding, "HostIp"), Port(host_port), Port(container_port),
                     port.second.empty() ? "tcp" : port.second});
    }
  }
  return out;
}

void AddMount(std::vector<Mount>& mounts, Mount mount) {
  const auto same = [&](const Mount& m) { return m.target == mount.target; };  // Podman lists a bind in both
  if (std::none_of(mounts.begin(), mounts.end(), same)) mounts.push_back(std::move(mount));
}

// `docker run -v` writes Binds ("/a:/b:ro,z"; a source that is no path is a volume), --mount writes Mounts.
std::vector<Mount> DecodeMounts(const Json& host) {
  std::vector<Mount> out;
  for (const Json& mount : Elements(At(host, "Mounts")))
    if (String(mount, "Type") == "bind")
      AddMount(out, {String(mount, "Source"), String(mount, "Target"), Bool(mount, "ReadOnly")});
  for (const std::string& bind : StringList(At(host, "Binds"))) {
    const std::vector<std::string> parts = absl::StrSplit(bind, ':');
    if (parts.size() < 2 || !absl::StartsWith(parts[0], "/")) continue;
    const std::vector<std::string> options = absl::StrSplit(parts.size() > 2 ? parts[2] : "", ',');
    AddMount(out, {parts[0], parts[1], std::find(options.begin(), options.end(), "ro") != options.end()});
  }
  return out;
}

void FillState(const Json& state, Container& out) {
  out.status = DecodeStatus(String(state, "Status"));
  out.exit_code = SmallInt(state, "ExitCode");
  out.oom_killed = Bool(state, "OOMKilled");
  out.error = String(state, "Error");
  out.health = String(At(state, "Health"), "Status");
  if (out.health == "none") out.health.clear();
  out.started_at = DecodeTime(String(state, "StartedAt"));
  out.finished_at = DecodeTime(String(state, "FinishedAt"));
  out.started_ever = out.started_at != absl::InfinitePast();
}

void FillNetworks(const Json& networks, Container& out) {
  for (const auto& [name, endpoint] : Items(networks)) {
    out.networks[name] = {String(*endpoint, "NetworkID"), String(*endpoint, "IPAddress"),
                          StringList(At(*endpoint, "Aliases"))};
  }
}

std::string WithoutSlash(absl::string_view name) { return std::string(absl::StripPrefix(name, "/")); }

// A container has several names when others link to it: "/app" and "/other/app".
std::string OwnName(const Json& names) {
  for (const std::string& name : StringList(names)) {
    if (name.rfind('/') == 0) return name.substr(1);
  }
  return "";
}

absl::StatusOr<ContainerSummary> DecodeSummary(const Json& json) {
  ContainerSummary out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  out.name = OwnName(At(json, "Names"));
  out.image = String(json, "Image");
  out.image_id = String(json, "ImageID");
  out.state = String(json, "State");
  out.labels = StringMap(At(json, "Labels"));
  for (const auto& [name, endpoint] : Items(At(At(json, "NetworkSettings"), "Networks")))
    out.networks.push_back(name);
  for (const Json& port : Elements(At(json, "Ports"))) {
    const uint16_t host_port = Port(Int(port, "PublicPort"));
    if (host_port == 0) continue;
    out.ports.push_back(
        {String(port, "IP"), host_port, Port(Int(port, "PrivatePort")), String(port, "Type")});
  }
  return out;
}

}  // namespace

absl::StatusOr<Container> DecodeContainer(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  const Json &config = At(json, "Config"), &host = At(json, "HostConfig");
  Container out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  out.name = WithoutSlash(String(json, "Name"));
  out.image = String(config, "Image");
  out.image_id = String(json, "Image");
  out.labels = StringMap(At(config, "Labels"));
  out.env = DecodeEnv(At(config, "Env"));
  out.hostname = String(config, "Hostname");
  FillState(At(json, "State"), out);
  out.restart_count = Int(json, "RestartCount");
  out.created_at = DecodeTime(String(json, "Created"));
  out.restart_policy = DecodeRestartPolicy(At(host, "RestartPolicy"));
  out.resources = DecodeResources(host);
  out.network_mode = String(host, "NetworkMode");
  FillNetworks(At(At(json, "NetworkSettings"), "Networks"), out);
  out.ports = DecodePortBindings(At(host, "PortBindings"));
  out.cmd = StringList(At(config, "Cmd"));
  out.mounts = DecodeMounts(host);
  out.auto_remove = Bool(host, "AutoRemove");
  if (At(config, "StopTimeout").is_number_integer())
    out.stop_timeout = absl::Seconds(Int(config, "StopTimeout"));
  return out;
}

absl::StatusOr<std::vector<ContainerSummary>> DecodeContainerList(absl::string_view body) {
  return DecodeList<ContainerSummary>(body, DecodeSummary);
}

}  // namespace spacelet::docker

#include "pkg/docker/decode.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"

namespace spacelet::docker {
namespace {

using Json = nlohmann::json;

// nlohmann's copy and dump recurse: 100 000 levels end the process. Docker's answers have fewer than ten.
constexpr int kMaxDepth = 64;

bool IsTooDeep(absl::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

absl::StatusOr<Json> Parse(absl::string_view text, Json::value_t want) {
  if (IsTooDeep(text)) return absl::InternalError("the answer is nested too deeply");
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InternalError("the answer is no JSON");
  if (json.type() != want) {
    return absl::InternalError(
        absl::StrCat("the answer is ", json.type_name(), " where another type belongs"));
  }
  return json;
}
absl::StatusOr<Json> ParseObject(absl::string_view text) { return Parse(text, Json::value_t::object); }

const Json& At(const Json& json, const char* key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto it = json.find(key);
  return it == json.end() ? kNull : *it;
}

// The empty array for anything but an array.
const Json& Elements(const Json& json) {
  static const Json kEmpty = Json::array();
  return json.is_array() ? json : kEmpty;
}

std::string AsString(const Json& json) { return json.is_string() ? json.get<std::string>() : std::string(); }
std::string String(const Json& json, const char* key) { return AsString(At(json, key)); }

int64_t Int(const Json& json, const char* key) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Json& value = At(json, key);
  if (value.is_number_unsigned()) {
    return static_cast<int64_t>(std::min(value.get<uint64_t>(), static_cast<uint64_t>(kMax)));
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return 0;
  const double d = value.get<double>();
  return d >= -9e18 && d <= 9e18 ? static_cast<int64_t>(d) : kMax;
}

int SmallInt(const Json& json, const char* key) {
  return static_cast<int>(
      std::clamp<int64_t>(Int(json, key), std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

uint16_t Port(int64_t value) {
  return value > 0 && value < 65536 ? static_cast<uint16_t>(value) : uint16_t{0};
}

bool Bool(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_boolean() && value.get<bool>();
}

std::map<std::string, std::string> StringMap(const Json& json) {
  std::map<std::string, std::string> out;
  if (!json.is_object()) return out;
  for (const auto& [key, value] : json.items()) out.emplace(key, AsString(value));
  return out;
}

std::vector<std::string> StringList(const Json& json) {
  std::vector<std::string> out;
  for (const Json& value : Elements(json)) {
    if (value.is_string()) out.push_back(value.get<std::string>());
  }
  return out;
}

// The empty range for anything but an object.
std::vector<std::pair<std::string, const Json*>> Items(const Json& json) {
  std::vector<std::pair<std::string, const Json*>> out;
  if (!json.is_object()) return out;
  for (const auto& [key, value] : json.items()) out.emplace_back(key, &value);
  return out;
}

absl::StatusOr<std::string> RequiredId(const Json& json, const char* key = "Id") {
  std::string id = String(json, key);
  if (id.empty()) return absl::InternalError(absl::StrCat("the answer has no ", key));
  return id;
}

template <typename T>
absl::StatusOr<std::vector<T>> DecodeList(absl::string_view body, absl::StatusOr<T> (*decode)(const Json&)) {
  ASSIGN_OR_RETURN(const Json json, Parse(body, Json::value_t::array));
  std::vector<T> out;
  for (const Json& element : json) {
    ASSIGN_OR_RETURN(T value, decode(element));
    out.push_back(std::move(value));
  }
  return out;
}

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

std::vector<Mount> DecodeMounts(const Json& json) {
  std::vector<Mount> out;
  for (const Json& mount : Elements(json)) {
    if (String(mount, "Type") != "bind") continue;
    out.push_back({String(mount, "Source"), String(mount, "Target"), Bool(mount, "ReadOnly")});
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

void FillSubnet(const Json& pools, NetworkConfig& out) {
  for (const Json& pool : Elements(pools)) {
    const std::string subnet = String(pool, "Subnet");
    const bool better =
        out.subnet.empty() || (absl::StrContains(out.subnet, ':') && !absl::StrContains(subnet, ':'));
    if (!better) continue;
    out.subnet = subnet;
    out.gateway = String(pool, "Gateway");
  }
}

absl::StatusOr<Network> DecodeNetworkJson(const Json& json) {
  Network out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  ASSIGN_OR_RETURN(out.config.name, RequiredId(json, "Name"));
  out.config.driver = String(json, "Driver");
  out.config.ipv6 = Bool(json, "EnableIPv6");
  out.config.internal = Bool(json, "Internal");
  out.config.options = StringMap(At(json, "Options"));
  out.config.labels = StringMap(At(json, "Labels"));
  FillSubnet(At(At(json, "IPAM"), "Config"), out.config);
  for (const auto& [id, member] : Items(At(json, "Containers")))
    out.members.push_back({id, String(*member, "Name")});
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
  out.mounts = DecodeMounts(At(host, "Mounts"));
  if (At(config, "StopTimeout").is_number_integer())
    out.stop_timeout = absl::Seconds(Int(config, "StopTimeout"));
  return out;
}

absl::StatusOr<std::vector<ContainerSummary>> DecodeContainerList(absl::string_view body) {
  return DecodeList<ContainerSummary>(body, DecodeSummary);
}

absl::StatusOr<Network> DecodeNetwork(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return DecodeNetworkJson(json);
}

absl::StatusOr<std::vector<Network>> DecodeNetworkList(absl::string_view body) {
  return DecodeList<Network>(body, DecodeNetworkJson);
}

absl::StatusOr<Image> DecodeImage(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  Image out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  out.repo_tags = StringList(At(json, "RepoTags"));
  out.repo_digests = StringList(At(json, "RepoDigests"));
  out.os = String(json, "Os");
  out.architecture = String(json, "Architecture");
  out.size = Int(json, "Size");
  return out;
}

absl::StatusOr<std::string> DecodeId(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return RequiredId(json);
}

absl::StatusOr<Event> DecodeEvent(absl::string_view line) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(line));
  const Json& actor = At(json, "Actor");
  Event out;
  out.type = String(json, "Type");
  out.action = String(json, "Action");
  out.actor_id = String(actor, "ID");
  out.attributes = StringMap(At(actor, "Attributes"));
  out.time_nano = Int(json, "timeNano");
  return out;
}

std::string DecodeMessage(absl::string_view body) {
  const absl::StatusOr<Json> json = ParseObject(body);
  std::string message = json.ok() ? String(*json, "message") : std::string();
  if (message.empty()) message = std::string(body.substr(0, body.find('\n')));
  return base::OneLine(message);
}

absl::StatusOr<EngineVersion> DecodeVersion(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  EngineVersion out;
  out.engine = String(json, "Version");
  out.max_api = String(json, "ApiVersion");
  out.min_api = String(json, "MinAPIVersion");
  out.os_type = String(json, "Os");
  out.architecture = String(json, "Arch");
  for (const Json& component : Elements(At(json, "Components"))) {
    out.podman = out.podman || absl::StartsWith(String(component, "Name"), "Podman");
  }
  return out;
}

absl::StatusOr<EngineHost> DecodeInfo(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return EngineHost{SmallInt(json, "NCPU"), String(json, "DockerRootDir")};
}

absl::StatusOr<std::string> DecodeDistributionDigest(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  std::string digest = String(At(json, "Descriptor"), "digest");
  if (digest.empty()) return absl::InternalError("the answer names no digest");
  return digest;
}

absl::StatusOr<ExecState> DecodeExec(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return ExecState{Bool(json, "Running"), SmallInt(json, "ExitCode")};
}

absl::StatusOr<PullLine> DecodePullLine(absl::string_view line) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(line));
  PullLine out;
  out.id = String(json, "id");
  out.status = String(json, "status");
  out.error = String(At(json, "errorDetail"), "message");
  if (out.error.empty()) out.error = String(json, "error");
  if (out.error.empty() && (json.contains("errorDetail") || json.contains("error")))
    out.error = "unknown error";
  out.current = Int(At(json, "progressDetail"), "current");
  out.total = Int(At(json, "progressDetail"), "total");
  return out;
}

absl::StatusOr<DockerConfig> DecodeDockerConfig(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  DockerConfig out;
  for (const auto& [host, auth] : Items(At(json, "auths"))) {
    out.auths[host] = {String(*auth, "auth"), String(*auth, "identitytoken")};
  }
  out.cred_helpers = StringMap(At(json, "credHelpers"));
  out.creds_store = String(json, "credsStore");
  return out;
}

absl::StatusOr<RegistryCredential> DecodeHelperAnswer(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  RegistryCredential out;
  const std::string user = String(json, "Username"), secret = String(json, "Secret");
  out.server_address = String(json, "ServerURL");
  if (user == "<token>") {
    out.identity_token = secret;
  } else {
    out.username = user;
    out.password = secret;
  }
  return out;
}

}  // namespace spacelet::docker

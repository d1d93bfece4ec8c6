#include "pkg/docker/recipe.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/secret_name.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/json_fields.h"

namespace spacelet::docker {
namespace {

constexpr size_t kShortId = 12;
constexpr int64_t kDefaultShmSize = 64 << 20;  // moby: 64 MiB
constexpr size_t kLongestValue = 200;

// Of no meaning for a container that is made again: what the terminal was attached to, what Docker fills in.
constexpr std::array kIgnoredConfig = {
    "AttachStderr", "AttachStdin", "AttachStdout", "Domainname",  "ExposedPorts", "Hostname", "Image",
    "OnBuild",      "OpenStdin",   "StdinOnce",    "StopTimeout", "Volumes",      "Cmd",      "Entrypoint",
    "Env",          "Labels",      "StopSignal",   "User",        "WorkingDir"};
constexpr std::array kIgnoredHost = {"Annotations",     "Cgroup",      "CgroupnsMode", "ConsoleSize",
                                     "ContainerIDFile", "IpcMode",     "Isolation",    "MaskedPaths",
                                     "ReadonlyPaths",   "VolumeDriver"};

// A value that says nothing: absent, zero, empty, or all of its members are.
bool IsNothing(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value == 0;
  if (value.is_string()) return value.get<std::string>().empty();
  return value.empty();
}

std::string Shown(const std::string& field, const Json& value) {
  const std::string text =
      value.is_string() ? AsString(value) : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return base::LooksSecret(field) || base::LooksSecret(text) ? "***" : base::OneLine(text, kLongestValue);
}

// What is left of a part of inspect once everything that is understood was taken out of it.
class Leftovers {
 public:
  void Add(const std::string& field, const Json& value) {
    if (!IsNothing(value)) texts_.push_back(absl::StrCat(field, ": ", Shown(field, value)));
  }
  template <size_t n>
  void AddAll(const std::string& prefix, const Json& object, const std::array<const char*, n>& ignored,
              const std::set<std::string>& taken) {
    for (const auto& [key, value] : Items(object)) {
      const bool known = std::find(ignored.begin(), ignored.end(), key) != ignored.end();
      if (!known && taken.count(key) == 0) Add(absl::StrCat(prefix, ".", key), *value);
    }
  }
  std::vector<std::string> TakeSorted() {
    std::sort(texts_.begin(), texts_.end());
    return std::move(texts_);
  }

 private:
  std::vector<std::string> texts_;
};

// A list where it was given, and is not the image's.
std::optional<std::vector<std::string>> Own(const Json& container, const Json& image, const char* key) {
  const Json& value = At(container, key);
  if (!value.is_array() || value == At(image, key)) return std::nullopt;
  return StringList(value);
}

std::string OwnText(const Json& container, const Json& image, const char* key) {
  const std::string value = String(container, key);
  return value == String(image, key) ? "" : value;
}

std::map<std::string, std::string> Variables(const Json& env) {
  std::map<std::string, std::string> out;
  for (const std::string& entry : StringList(env)) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    out.insert(parts);
  }
  return out;
}

void FillProcess(const Json& config, const Json& image, ContainerConfig& out) {
  out.image = String(config, "Image");
  out.user = OwnText(config, image, "User");
  out.working_dir = OwnText(config, image, "WorkingDir");
  out.stop_signal = OwnText(config, image, "StopSignal");
  if (out.stop_signal == "SIGTERM") out.stop_signal.clear();
  out.entrypoint = Own(config, image, "Entrypoint");
  // With an entrypoint of one's own, the image's arguments do not count any more.
  out.cmd = out.entrypoint ? Own(config, Json::object(), "Cmd") : Own(config, image, "Cmd");
  const std::map<std::string, std::string> of_image = Variables(At(image, "Env"));
  for (const auto& [name, value] : Variables(At(config, "Env"))) {
    const auto it = of_image.find(name);
    if (it == of_image.end() || it->second != value) out.env[name] = {value, false};
  }
  const std::map<std::string, std::string> labels = StringMap(At(image, "Labels"));
  for (const auto& [name, value] : StringMap(At(config, "Labels"))) {
    const auto it = labels.find(name);
    if (it == labels.end() || it->second != value) out.labels[name] = value;
  }
}

// "HOST:CONTAINER[:OPTIONS]"; a source that is no path is a named volume.
void TakeBind(const std::string& bind, ContainerConfig& out, Leftovers& others) {
  const std::vector<std::string> parts = absl::StrSplit(bind, ':');
  const std::string options = parts.size() > 2 ? parts[2] : "";
  const bool plain = options.empty() || options == "ro" || options == "rw";
  if (parts.size() < 2 || parts.size() > 3 || !absl::StartsWith(parts[0], "/") || !plain)
    return others.Add("HostConfig.Binds", bind);
  out.mounts.push_back({parts[0], parts[1], options == "ro"});
}

void FillMounts(const Json& host, ContainerConfig& out, Leftovers& others) {
  for (const std::string& bind : StringList(At(host, "Binds"))) TakeBind(bind, out, others);
  for (const Json& mount : Elements(At(host, "Mounts"))) {
    if (String(mount, "Type") == "bind" && IsNothing(At(mount, "BindOptions"))) {
      out.mounts.push_back({String(mount, "Source"), String(mount, "Target"), Bool(mount, "ReadOnly")});
    } else {
      others.Add("HostConfig.Mounts", mount);
    }
  }
  out.tmpfs = StringMap(At(host, "Tmpfs"));
}

// Volumes of no name, which the image declares: they go with their container.
void NoteAnonymousVolumes(const Json& container, const Json& host, Leftovers& others) {
  const std::string written = absl::StrCat(At(host, "Binds").dump(), At(host, "Mounts").dump());
  for (const Json& mount : Elements(At(container, "Mounts"))) {
    const std::string name = String(mount, "Name");
    if (String(mount, "Type") == "volume" && !absl::StrContains(written, name))
      others.Add("Mounts",
                 absl::StrCat("volume ", name.substr(0, kShortId), " at ", String(mount, "Destination")));
  }
}

void FillDevices(const Json& host, ContainerConfig& out) {
  for (const Json& device : Elements(At(host, "Devices")))
    out.devices.push_back({String(device, "PathOnHost"), String(device, "PathInContainer"),
                           String(device, "CgroupPermissions")});
  for (const Json& ulimit : Elements(At(host, "Ulimits")))
    out.ulimits.push_back({String(ulimit, "Name"), Int(ulimit, "Soft"), Int(ulimit, "Hard")});
}

void FillSecurity(const Json& host, ContainerConfig& out, Leftovers& others) {
  out.privileged = Bool(host, "Privileged");
  out.read_only = Bool(host, "ReadonlyRootfs");
  out.cap_add = StringList(At(host, "CapAdd"));
  out.cap_drop = StringList(At(host, "CapDrop"));
  for (const std::string& option : StringList(At(host, "SecurityOpt"))) {
    const bool no_new = option == "no-new-privileges" || option == "no-new-privileges:true" ||
                        option == "no-new-privileges=true";
    // Docker disables labelling by itself for a privileged container.
    if (no_new) out.no_new_privileges = true;
    if (!no_new && option != "label=disable") others.Add("HostConfig.SecurityOpt", option);
  }
}

void FillResources(const Json& host, ContainerConfig& out, Leftovers& others) {
  if (At(host, "Init").is_boolean()) out.init = Bool(host, "Init");
  if (const int64_t size = Int(host, "ShmSize"); size != 0 && size != kDefaultShmSize) out.shm_size = size;
  out.sysctls = StringMap(At(host, "Sysctls"));
  out.log.driver = String(At(host, "LogConfig"), "Type");
  out.log.options = StringMap(At(At(host, "LogConfig"), "Config"));
  if (const std::string pid = String(host, "PidMode"); pid == "host") {
    out.host_pid = true;
  } else {
    others.Add("HostConfig.PidMode", pid);
  }
  if (const std::string runtime = String(host, "Runtime"); runtime != "runc")
    others.Add("HostConfig.Runtime", runtime);
  const Json& swappiness = At(host, "MemorySwappiness");
  if (swappiness.is_number_integer() && swappiness != -1)
    others.Add("HostConfig.MemorySwappiness", swappiness.dump());
}

// Names that Docker gives by itself are no aliases: the container's id, its hostname and its name.
std::vector<std::string> OwnAliases(const Container& container, const std::string& network) {
  const auto attachment = container.networks.find(network);
  if (attachment == container.networks.end()) return {};
  std::vector<std::string> out;
  for (const std::string& alias : attachment->second.aliases)
    if (alias != container.id.substr(0, kShortId) && alias != container.hostname && alias != container.name)
      out.push_back(alias);
  return out;
}

void FillNetwork(const Container& container, const Json& host, ContainerConfig& out) {
  out.network_mode = container.network_mode;
  out.ports = container.ports;
  out.aliases = OwnAliases(container, container.network_mode);
  out.extra_hosts = StringList(At(host, "ExtraHosts"));
  out.dns = StringList(At(host, "Dns"));
  // Docker's own hostname is the id; on the host's network it is the host's.
  const bool chosen = container.hostname != container.id.substr(0, kShortId) && out.network_mode != "host";
  out.hostname = chosen ? container.hostname : "";
}

const std::set<std::string>& UnderstoodHostFields() {
  static const auto* const kFields = new std::set<std::string>{
      "Binds",      "CapAdd",         "CapDrop",       "CpuShares", "Devices",     "Dns",
      "ExtraHosts", "Init",           "LogConfig",     "Memory",    "MemorySwap",  "MemorySwappiness",
      "Mounts",     "NanoCpus",       "NetworkMode",   "PidMode",   "PidsLimit",   "PortBindings",
      "Privileged", "ReadonlyRootfs", "RestartPolicy", "Runtime",   "SecurityOpt", "ShmSize",
      "Sysctls",    "Tmpfs",          "Ulimits"};
  return *kFields;
}

}  // namespace

absl::StatusOr<Recipe> DecodeRecipe(absl::string_view container_text, absl::string_view image_text) {
  ASSIGN_OR_RETURN(const Container container, DecodeContainer(container_text));
  ASSIGN_OR_RETURN(const Json json, ParseObject(container_text));
  ASSIGN_OR_RETURN(const Json image_json, ParseObject(image_text));
  const Json &config = At(json, "Config"), &host = At(json, "HostConfig"), &image = At(image_json, "Config");
  Recipe out;
  Leftovers others;
  out.id = container.id;
  out.running = container.status == ContainerStatus::kRunning;
  out.request.name = container.name;
  ContainerConfig& to = out.request.config;
  FillProcess(config, image, to);
  FillMounts(host, to, others);
  NoteAnonymousVolumes(json, host, others);
  FillDevices(host, to);
  FillSecurity(host, to, others);
  FillResources(host, to, others);
  FillNetwork(container, host, to);
  to.stop_timeout = container.stop_timeout;
  to.restart_policy = container.restart_policy;
  to.resources = container.resources;
  for (const auto& [name, attachment] : container.networks) out.networks.push_back(name);
  if (At(config, "Healthcheck") != At(image, "Healthcheck"))
    others.Add("Config.Healthcheck", At(config, "Healthcheck"));
  others.AddAll("Config", config, kIgnoredConfig, {"Healthcheck"});
  others.AddAll("HostConfig", host, kIgnoredHost, UnderstoodHostFields());
  out.others = others.TakeSorted();
  return out;
}

}  // namespace spacelet::docker

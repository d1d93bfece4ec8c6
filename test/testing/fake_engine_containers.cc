#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "test/testing/fake_engine.h"

namespace spacelet::testing {
namespace {

using docker::ContainerStatus;

constexpr int64_t kMinMemory = 6 << 20;  // moby daemon_unix.go: linuxMinMemory

std::string Conflict(const std::string& name, const std::string& id) {
  return absl::StrCat("Conflict. The container name \"/", name, "\" is already in use by container \"", id,
                      "\". You have to remove (or rename) that container to be able to reuse that name.");
}

bool ValidName(const std::string& name) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return name.size() >= 2 && word(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
           return word(c) || c == '_' || c == '.' || c == '-';
         });
}

absl::Status CheckRestartPolicy(const docker::RestartPolicy& policy) {
  if (policy.name == "on-failure") return absl::OkStatus();
  if (!policy.name.empty() && policy.name != "no" && policy.name != "always" &&
      policy.name != "unless-stopped") {
    return Refuse(400, absl::StrCat("invalid restart policy '", policy.name, "'"));
  }
  if (policy.max_retries == 0) return absl::OkStatus();
  return Refuse(400,
                absl::StrCat("maximum retry count cannot be used with restart policy '", policy.name, "'"));
}

// Docker's 0 (for pids also -1) means no limit, and inspect says so.
std::optional<int64_t> Limit(const std::optional<int64_t>& value) {
  return value.value_or(0) == 0 ? std::nullopt : value;
}

bool Overlap(const docker::PortBinding& a, const docker::PortBinding& b) {
  const auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0"; };
  return a.host_port == b.host_port && a.protocol == b.protocol &&
         (any(a.host_ip) || any(b.host_ip) || a.host_ip == b.host_ip);
}

void AppendNew(std::vector<std::string>& list, const std::string& item) {
  if (!item.empty() && std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

}  // namespace

bool FakeEngine::HasProcess(const Record& record) {
  return record.view.status == ContainerStatus::kRunning || record.view.status == ContainerStatus::kPaused;
}

const FakeEngine::Record* FakeEngine::Find(const std::string& container) const {
  const auto by_id = containers_.find(container);
  if (by_id != containers_.end()) return &by_id->second;
  for (const auto& [id, record] : containers_) {
    if (record.view.name == container) return &record;
  }
  const Record* match = nullptr;
  for (const auto& [id, record] : containers_) {
    if (container.empty() || !absl::StartsWith(id, container)) continue;
    if (match != nullptr) return nullptr;
    match = &record;
  }
  return match;
}

FakeEngine::Record* FakeEngine::Find(const std::string& container) {
  return const_cast<Record*>(std::as_const(*this).Find(container));
}

absl::StatusOr<FakeEngine::Record*> FakeEngine::Get(const std::string& container) {
  if (Record* record = Find(container); record != nullptr) return record;
  return Refuse(404, absl::StrCat("No such container: ", container));
}

absl::StatusOr<const FakeEngine::Record*> FakeEngine::Get(const std::string& container) const {
  if (const Record* record = Find(container); record != nullptr) return record;
  return Refuse(404, absl::StrCat("No such container: ", container));
}

const ImageProfile& FakeEngine::ProfileOf(const Record& record) const {
  return images_.at(record.view.image_id);
}

// --- Create

absl::Status FakeEngine::CheckName(const std::string& name, const std::string& prefix) const {
  if (!ValidName(name)) {
    return Refuse(400, absl::StrCat(prefix, "Invalid container name (", name,
                                    "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"));
  }
  for (const auto& [id, record] : containers_) {
    if (record.view.name == name) return Refuse(409, prefix + Conflict(name, id), prefix.empty());
  }
  return absl::OkStatus();
}

absl::Status FakeEngine::CheckResources(const docker::LiveResources& resources) const {
  const int64_t cpus = resources.nano_cpus.value_or(0);
  if (cpus < 0 || cpus > options_.cpus * int64_t{1000000000}) {
    return Refuse(400, absl::StrCat("Range of CPUs is from 0.01 to ", options_.cpus,
                                    ".00, as there are only ", options_.cpus, " CPUs available"));
  }
  const int64_t memory = resources.memory.value_or(0), swap = resources.memory_swap.value_or(0);
  if (memory != 0 && memory < kMinMemory) return Refuse(400, "Minimum memory limit allowed is 6MB");
  if (memory > 0 && swap > 0 && swap < memory) {
    return Refuse(400, "Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  return absl::OkStatus();
}

absl::Status FakeEngine::CheckConfig(const docker::CreateContainerRequest& request) const {
  RETURN_IF_ERROR(CheckResources(request.config.resources));
  RETURN_IF_ERROR(CheckRestartPolicy(request.config.restart_policy));
  for (const docker::Mount& mount : request.config.mounts) {
    if (options_.all_host_paths_exist || host_paths_.count(mount.source) > 0) continue;
    return Refuse(400,
                  absl::StrCat("invalid mount config for type \"bind\": bind source path does not exist: ",
                               mount.source));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeEngine::CreateContainer(const docker::CreateContainerRequest& request) {
  const docker::ContainerConfig& config = request.config;
  RETURN_IF_ERROR(CheckConfig(request));
  ASSIGN_OR_RETURN(const docker::Image image, InspectImage(config.image));
  const std::string platform = absl::StrCat(image.os, "/", image.architecture);
  if (!request.platform.empty() && !absl::StartsWith(request.platform, platform)) {
    return Refuse(404, absl::StrCat("image with reference ", config.image,
                                    " was found but does not match the specified platform: wanted ",
                                    request.platform, ", actual: ", platform));
  }
  RETURN_IF_ERROR(CheckName(request.name, ""));

  Record record;
  record.config = config;
  record.sequence = ids_made_;
  docker::Container& view = record.view;
  view.id = NewId();
  view.name = request.name;
  view.image = config.image;
  view.image_id = image.id;
  view.labels = config.labels;
  for (const auto& [name, variable] : config.env) view.env[name] = variable.value;
  const ImageProfile& profile = images_.at(image.id);
  view.env.insert(profile.env.begin(), profile.env.end());
  view.cmd = config.cmd.value_or(profile.cmd);
  view.mounts = config.mounts;
  view.stop_timeout = config.stop_timeout;
  view.hostname = config.hostname.empty() ? view.id.substr(0, 12) : config.hostname;
  view.status = ContainerStatus::kCreated;
  view.created_at = Now();
  view.restart_policy = config.restart_policy;
  if (view.restart_policy.name.empty()) view.restart_policy.name = "no";
  view.resources = {Limit(config.resources.nano_cpus), Limit(config.resources.memory),
                    Limit(config.resources.memory_swap), Limit(config.resources.pids_limit),
                    Limit(config.resources.cpu_shares)};
  if (view.resources.memory && !view.resources.memory_swap)
    view.resources.memory_swap = *view.resources.memory * 2;
  view.network_mode = config.network_mode.empty() ? "default" : config.network_mode;
  const std::string network = config.network_mode.empty() ? "bridge" : config.network_mode;
  view.networks[network].aliases = config.aliases;
  view.ports = config.ports;
  EmitContainer(record, "create");
  const std::string id = view.id;
  containers_.emplace(id, std::move(record));
  return id;
}

// --- Start and stop

absl::Status FakeEngine::Attach(Record& record) {
  for (auto& [name, attachment] : record.view.networks) {
    const std::string wanted = attachment.network_id.empty() ? name : attachment.network_id;
    ASSIGN_OR_RETURN(const docker::Network* network, GetNetwork(wanted));
    attachment.network_id = network->id;
    record.joined.insert(name);
  }
  return absl::OkStatus();
}

absl::Status FakeEngine::AllocatePorts(const Record& record) const {
  for (const docker::PortBinding& wanted : record.view.ports) {
    const auto refuse = [&](const std::string& why) {
      return Refuse(500, absl::StrCat("driver failed programming external connectivity on endpoint ",
                                      record.view.name, ": ", why));
    };
    if (occupied_ports_.count(wanted.host_port) > 0) {
      return refuse(absl::StrCat("Error starting userland proxy: listen tcp4 ", wanted.host_ip, ":",
                                 wanted.host_port, ": bind: address already in use"));
    }
    for (const auto& [id, other] : containers_) {
      if (&other == &record || !HasProcess(other)) continue;
      const auto clash = [&](const docker::PortBinding& taken) { return Overlap(wanted, taken); };
      if (std::none_of(other.view.ports.begin(), other.view.ports.end(), clash)) continue;
      return refuse(absl::StrCat("Bind for ", wanted.host_ip.empty() ? "0.0.0.0" : wanted.host_ip, ":",
                                 wanted.host_port, " failed: port is already allocated"));
    }
  }
  return absl::OkStatus();
}

absl::Status FakeEngine::Launch(Record& record) {
  const ImageProfile& profile = ProfileOf(record);
  docker::Container& view = record.view;
  RETURN_IF_ERROR(Attach(record));
  RETURN_IF_ERROR(AllocatePorts(record));
  if (!profile.start_error.empty()) {
    view.exit_code = 127;
    return Refuse(400, profile.start_error);
  }
  view.status = ContainerStatus::kRunning;
  view.exit_code = 0;
  view.error.clear();
  view.oom_killed = false;
  view.started_ever = true;
  view.started_at = Now();
  view.health = profile.health;
  for (auto& [name, attachment] : view.networks) {
    if (view.network_mode != "host")
      attachment.ip = absl::StrCat(options_.addresses, 2 + addresses_made_++ % 250);
  }
  for (const auto& [name, attachment] : view.networks) EmitNetwork(attachment.network_id, "connect", view.id);
  EmitContainer(record, "start");
  if (profile.exits_at_once) Die(record, *profile.exits_at_once);
  return absl::OkStatus();
}

absl::StatusOr<bool> FakeEngine::Start(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  docker::Container& view = record->view;
  if (view.status == ContainerStatus::kPaused) {
    return Refuse(409, "cannot start a paused container, try unpause instead");
  }
  if (view.status == ContainerStatus::kDead)
    return Refuse(409, "container is marked for removal and cannot be started");
  if (view.status == ContainerStatus::kRunning || view.status == ContainerStatus::kRestarting) return false;
  record->manually_stopped = false;
  view.restart_count = 0;
  const absl::Status status = Launch(*record);
  if (status.ok()) return true;
  view.error = std::string(status.message());
  if (view.exit_code == 0) view.exit_code = 128;
  return status;
}

void FakeEngine::Halt(Record& record, int exit_code) {
  docker::Container& view = record.view;
  const bool had_process = HasProcess(record);
  view.status = ContainerStatus::kExited;
  view.exit_code = exit_code;
  view.finished_at = Now();
  view.health.clear();
  for (auto& [name, attachment] : view.networks) attachment.ip.clear();
  if (!had_process) return;
  EmitContainer(record, "die", {{"exitCode", absl::StrCat(exit_code)}});
  for (const auto& [name, attachment] : view.networks)
    EmitNetwork(attachment.network_id, "disconnect", view.id);
}

bool FakeEngine::RestartsAfter(const Record& record) const {
  const docker::RestartPolicy& policy = record.view.restart_policy;
  if (record.manually_stopped) return false;
  if (policy.name == "always" || policy.name == "unless-stopped") return true;
  if (policy.name != "on-failure" || record.view.exit_code == 0) return false;
  return policy.max_retries == 0 || record.view.restart_count < policy.max_retries;
}

// A crash loop stops at `restarting`: Docker's back-off has no end here until RetryCrashed().
void FakeEngine::Die(Record& record, int exit_code) {
  Halt(record, exit_code);
  if (!RestartsAfter(record)) return;
  ++record.view.restart_count;
  if (ProfileOf(record).exits_at_once || !Launch(record).ok())
    record.view.status = ContainerStatus::kRestarting;
}

absl::StatusOr<bool> FakeEngine::Stop(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (!HasProcess(*record) && record->view.status != ContainerStatus::kRestarting) return false;
  record->manually_stopped = true;
  EmitContainer(*record, "kill", {{"signal", "15"}});
  Halt(*record, HasProcess(*record) ? ProfileOf(*record).stop_exit_code : record->view.exit_code);
  EmitContainer(*record, "stop");
  return true;
}

absl::Status FakeEngine::Kill(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (!HasProcess(*record) && record->view.status != ContainerStatus::kRestarting) {
    return Refuse(409, absl::StrCat("Cannot kill container: ", container, ": Container ", record->view.id,
                                    " is not running"));
  }
  record->manually_stopped = true;
  EmitContainer(*record, "kill", {{"signal", "9"}});
  Halt(*record, 137);
  return absl::OkStatus();
}

absl::Status FakeEngine::Restart(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  RETURN_IF_ERROR(Stop(container).status());
  RETURN_IF_ERROR(Start(container).status());
  EmitContainer(*record, "restart");
  return absl::OkStatus();
}

absl::Status FakeEngine::Pause(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  const std::string who = absl::StrCat("Container ", record->view.id);
  if (record->view.status == ContainerStatus::kPaused) return Refuse(409, who + " is already paused");
  if (record->view.status != ContainerStatus::kRunning) return Refuse(409, who + " is not running");
  record->view.status = ContainerStatus::kPaused;
  EmitContainer(*record, "pause");
  return absl::OkStatus();
}

absl::Status FakeEngine::Unpause(const std::string& container) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (record->view.status != ContainerStatus::kPaused) {
    return Refuse(500, absl::StrCat("Container ", record->view.id, " is not paused"));
  }
  record->view.status = ContainerStatus::kRunning;
  EmitContainer(*record, "unpause");
  return absl::OkStatus();
}

// --- Change

absl::Status FakeEngine::Rename(const std::string& container, const std::string& new_name) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (record->view.name == new_name) {
    return Refuse(400, "Renaming a container with the same name as its current name");
  }
  RETURN_IF_ERROR(CheckName(new_name, "Error when allocating new name: "));
  const std::string old_name = std::exchange(record->view.name, new_name);
  EmitContainer(*record, "rename", {{"oldName", absl::StrCat("/", old_name)}});
  return absl::OkStatus();
}

absl::Status FakeEngine::Update(const std::string& container, const docker::LiveResources& resources,
                                const std::optional<docker::RestartPolicy>& restart_policy) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (record->view.status == ContainerStatus::kDead)
    return Refuse(500, absl::StrCat("Cannot update container ", record->view.id,
                                    ": container is marked for removal and cannot be \"update\""));
  RETURN_IF_ERROR(CheckResources(resources));
  if (restart_policy) RETURN_IF_ERROR(CheckRestartPolicy(*restart_policy));
  docker::LiveResources& live = record->view.resources;
  if (Limit(resources.memory) && !Limit(resources.memory_swap) &&
      *resources.memory > live.memory_swap.value_or(0)) {
    return Refuse(
        409, absl::StrCat("Cannot update container ", record->view.id,
                          ": Memory limit should be smaller than already set memoryswap limit, update the "
                          "memoryswap at the same time"));
  }
  const auto set = [](std::optional<int64_t>& field, const std::optional<int64_t>& value) {
    if (Limit(value)) field = value;
  };
  set(live.nano_cpus, resources.nano_cpus);
  set(live.memory, resources.memory);
  set(live.memory_swap, resources.memory_swap);
  set(live.cpu_shares, resources.cpu_shares);
  if (resources.pids_limit) live.pids_limit = *resources.pids_limit > 0 ? resources.pids_limit : std::nullopt;
  if (restart_policy && !restart_policy->name.empty()) record->view.restart_policy = *restart_policy;
  EmitContainer(*record, "update");
  return absl::OkStatus();
}

absl::Status FakeEngine::Remove(const std::string& container, bool force) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  const bool running = HasProcess(*record) || record->view.status == ContainerStatus::kRestarting;
  if (running && !force) {
    return Refuse(409, absl::StrCat("You cannot remove a running container ", record->view.id,
                                    ". Stop the container before attempting removal or force remove"));
  }
  if (running) RETURN_IF_ERROR(Kill(container));
  if (record->removals_that_fail > 0) {
    --record->removals_that_fail;
    record->view.status = ContainerStatus::kDead;
    record->view.error = absl::StrCat("unable to remove filesystem: unlinkat /data/containers/",
                                      record->view.id, "/stays: operation not permitted");
    return Refuse(500, absl::StrCat("container ", record->view.id, ": ", record->view.error));
  }
  EmitContainer(*record, "destroy");
  containers_.erase(record->view.id);
  return absl::OkStatus();
}

absl::Status FakeEngine::KeepFromRemoval(const std::string& container, int times) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  record->removals_that_fail = times;
  return absl::OkStatus();
}

absl::Status FakeEngine::Connect(const std::string& network, const std::string& container,
                                 const std::vector<std::string>& aliases) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  const auto found = GetNetwork(network);
  const bool running = HasProcess(*record) || record->view.status == ContainerStatus::kRestarting;
  if (!found.ok() && running) return found.status();
  const std::string name = found.ok() ? (*found)->config.name : network;
  auto& attachments = record->view.networks;
  const auto attached = attachments.find(name);
  if (attached != attachments.end()) {
    if (running)
      return Refuse(
          403, absl::StrCat("endpoint with name ", record->view.name, " already exists in network ", name));
    const std::string& stored = attached->second.network_id;
    // moby's updateNetworkSettings: a stopped container that is attached to what still exists keeps its old
    // aliases.
    if (found.ok() && FindNetwork(stored.empty() ? name : stored) != nullptr) return absl::OkStatus();
  }
  attachments[name] = {};
  attachments[name].aliases = aliases;
  if (found.ok()) record->joined.insert(name);
  if (!running) return absl::OkStatus();
  attachments[name].network_id = (*found)->id;
  attachments[name].ip = absl::StrCat(options_.addresses, 2 + addresses_made_++ % 250);
  EmitNetwork((*found)->id, "connect", record->view.id);
  return absl::OkStatus();
}

absl::Status FakeEngine::Disconnect(const std::string& network, const std::string& container, bool force) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  const auto found = GetNetwork(network);
  const bool running = HasProcess(*record) || record->view.status == ContainerStatus::kRestarting;
  if (running && !found.ok() && !force) return found.status();
  const std::string name = found.ok() ? (*found)->config.name : network;
  if (record->view.networks.erase(name) == 0) {
    return Refuse(500, absl::StrCat("container ", record->view.id, " is not connected to network ", name));
  }
  record->joined.erase(name);
  if (running && found.ok()) EmitNetwork((*found)->id, "disconnect", record->view.id);
  return absl::OkStatus();
}

// --- Look

docker::Container FakeEngine::Show(const Record& record) const {
  docker::Container view = record.view;
  if (Speaks(45)) return view;
  for (const std::string& network : record.joined) {
    const auto attachment = view.networks.find(network);
    if (attachment == view.networks.end() || network == "host" || network == "bridge") continue;
    AppendNew(attachment->second.aliases, view.id.substr(0, 12));
    AppendNew(attachment->second.aliases, view.hostname);
  }
  return view;
}

absl::StatusOr<docker::Container> FakeEngine::Inspect(const std::string& container) const {
  ASSIGN_OR_RETURN(const Record* record, Get(container));
  return Show(*record);
}

std::vector<docker::ContainerSummary> FakeEngine::List() const {
  static const std::map<ContainerStatus, std::string> kStates = {
      {ContainerStatus::kCreated, "created"}, {ContainerStatus::kRunning, "running"},
      {ContainerStatus::kPaused, "paused"},   {ContainerStatus::kRestarting, "restarting"},
      {ContainerStatus::kExited, "exited"},   {ContainerStatus::kRemoving, "removing"},
      {ContainerStatus::kDead, "dead"}};
  std::vector<const Record*> records;
  for (const auto& [id, record] : containers_) records.push_back(&record);
  std::sort(records.begin(), records.end(), [](auto* a, auto* b) { return a->sequence > b->sequence; });
  std::vector<docker::ContainerSummary> rows;
  for (const Record* record : records) {
    const docker::Container& view = record->view;
    docker::ContainerSummary row;
    row.id = view.id;
    row.name = view.name;
    const auto tag = tags_.find(view.image);
    row.image = tag != tags_.end() && tag->second == view.image_id ? view.image : view.image_id;
    row.image_id = view.image_id;
    row.state = kStates.at(view.status);
    row.labels = view.labels;
    for (const auto& [name, attachment] : view.networks) row.networks.push_back(name);
    if (HasProcess(*record)) row.ports = view.ports;
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::Status FakeEngine::WriteFile(const std::string& container, const std::string& path,
                                   const std::string& content) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  record->files[path] = content;
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeEngine::ReadFile(const std::string& container,
                                                 const std::string& path) const {
  ASSIGN_OR_RETURN(const Record* record, Get(container));
  if (record->view.status == ContainerStatus::kDead)
    return Refuse(500, absl::StrCat("RWLayer of container ", record->view.id, " is unexpectedly nil"));
  const auto file = record->files.find(path);
  if (file != record->files.end()) return file->second;
  return Refuse(404, absl::StrCat("Could not find the file ", path, " in container ", container));
}

absl::StatusOr<std::vector<std::string>> FakeEngine::Logs(const std::string& container) const {
  ASSIGN_OR_RETURN(const Record* record, Get(container));
  if (!record->view.started_ever) return std::vector<std::string>{};
  return ProfileOf(*record).log_lines;
}

absl::StatusOr<int> FakeEngine::Exec(const std::string& container) const {
  ASSIGN_OR_RETURN(const Record* record, Get(container));
  if (record->view.status == ContainerStatus::kRunning) return ProfileOf(*record).exec_exit_code;
  return Refuse(409, absl::StrCat("Container ", record->view.id, " is not running"));
}

// --- What happens around the daemon

absl::Status FakeEngine::Exit(const std::string& container, int exit_code) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  if (!HasProcess(*record)) return absl::FailedPreconditionError(absl::StrCat(container, " has no process"));
  Die(*record, exit_code);
  return absl::OkStatus();
}

void FakeEngine::RetryCrashed() {
  for (auto& [id, record] : containers_) {
    if (record.view.status != ContainerStatus::kRestarting) continue;
    if (!Launch(record).ok()) record.view.status = ContainerStatus::kRestarting;
  }
}

bool FakeEngine::Serves(const std::string& image_id) const {
  const auto profile = known_images_.find(image_id);
  return profile != known_images_.end() && profile->second.start_error.empty() &&
         !profile->second.exits_at_once &&
         (profile->second.health.empty() || profile->second.health == "healthy");
}

absl::Status FakeEngine::SetHealth(const std::string& container, const std::string& health) {
  ASSIGN_OR_RETURN(Record * record, Get(container));
  record->view.health = health;
  EmitContainer(*record, absl::StrCat("health_status: ", health));
  return absl::OkStatus();
}

void FakeEngine::RestartDaemon() {
  for (auto& [id, record] : containers_) {
    if (record.view.status == ContainerStatus::kDead) continue;
    const bool ran = HasProcess(record);
    if (ran) Halt(record, 0);
    const std::string& policy = record.view.restart_policy.name;
    const bool at_boot = policy == "always" || (policy == "unless-stopped" && !record.manually_stopped);
    if (record.view.started_ever && at_boot) Launch(record).IgnoreError();
  }
}

}  // namespace spacelet::testing

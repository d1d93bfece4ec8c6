#include "pkg/desired/compile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/desired/order.h"
#include "pkg/desired/pool_file.h"
#include "pkg/desired/profiles.h"

namespace spacelet::desired {
namespace {

constexpr char kHostNetwork[] = "host";

// Everything of a document that one container's compilation looks at.
struct Context {
  const CompileInput& input;
  const std::vector<Expanded>& workloads;
};

docker::RestartPolicy ToDocker(const api::RestartPolicy& policy) {
  switch (policy.kind) {
    case api::RestartPolicy::Kind::kUnlessStopped:
      return {"unless-stopped", 0};
    case api::RestartPolicy::Kind::kAlways:
      return {"always", 0};
    case api::RestartPolicy::Kind::kOnFailure:
      return {"on-failure", policy.max_retries};
    case api::RestartPolicy::Kind::kNo:
      break;
  }
  return {"no", 0};
}

docker::LogConfig ToDocker(const api::Logging& logging) {
  docker::LogConfig out{logging.driver, logging.options};
  if (logging.max_size) out.options.emplace("max-size", *logging.max_size);
  if (logging.max_files) out.options.emplace("max-file", absl::StrCat(*logging.max_files));
  return out;
}

// HOST[:CONTAINER[:PERMISSIONS]]
docker::Device ToDocker(const std::string& device) {
  const std::vector<std::string> parts = absl::StrSplit(device, ':');
  docker::Device out{parts[0], parts[0]};
  if (parts.size() > 1) out.container_path = parts[1];
  if (parts.size() > 2) out.permissions = parts[2];
  return out;
}

std::vector<std::string> SortedUnique(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// The hostname resolves only where Docker registers hostnames; as an alias it resolves on every user-defined
// network.
std::vector<std::string> Aliases(const api::Workload& w) {
  std::vector<std::string> out;
  if (w.hostname && !w.hostname->empty()) out.push_back(*w.hostname);
  for (const std::string& alias : w.network_aliases)
    if (std::find(out.begin(), out.end(), alias) == out.end()) out.push_back(alias);
  return out;
}

std::string Limits(const api::Resources& resources) {
  std::vector<std::string> set;
  if (resources.nano_cpus) set.push_back("cpus");
  if (resources.memory) set.push_back("memory");
  return absl::StrJoin(set, ",");
}

void PutProcess(const api::Workload& w, docker::ContainerConfig& to) {
  to.image = w.image;
  to.user = w.user.value_or("");
  to.working_dir = w.working_dir.value_or("");
  to.entrypoint = w.command;
  to.cmd = w.args;
  to.stop_signal = w.stop_signal.value_or("");
  to.stop_timeout = *w.stop_grace_period;
  to.init = w.init;
  to.restart_policy = ToDocker(w.restart_policy);
  to.log = ToDocker(*w.logging);
  for (const auto& [name, value] : w.env)
    if (!value.secret) to.env[name] = docker::EnvVar{value.value, false};
}

void PutNetwork(const api::Workload& w, const std::string& network, docker::ContainerConfig& to) {
  to.host_pid = w.host_pid;
  to.extra_hosts = w.extra_hosts;
  to.dns = w.dns;
  to.network_mode = w.host_network ? kHostNetwork : network;
  if (w.host_network) return;
  to.hostname = w.hostname.value_or("");
  to.aliases = Aliases(w);
  for (const api::Port& p : *w.ports) to.ports.push_back({p.ip, p.host, p.container, p.protocol});
}

void PutSecurity(const api::Workload& w, docker::ContainerConfig& to) {
  to.read_only = w.read_only.value_or(false);
  to.privileged = w.privileged.value_or(false);
  to.no_new_privileges = w.no_new_privileges.value_or(false);
  to.cap_add = SortedUnique(w.cap_add);
  to.cap_drop = SortedUnique(w.cap_drop);
  for (const std::string& device : w.devices) to.devices.push_back(ToDocker(device));
}

void PutResources(const api::Workload& w, docker::ContainerConfig& to) {
  for (const api::Volume& v : w.volumes) to.mounts.push_back({v.host, v.container, v.read_only});
  to.tmpfs = w.tmpfs;
  to.sysctls = w.sysctls;
  to.shm_size = w.shm_size;
  for (const auto& [name, limit] : w.ulimits) to.ulimits.push_back({name, limit.soft, limit.hard});
  const api::Resources& r = w.resources;
  to.resources = {r.nano_cpus, r.memory, r.memory_swap, r.pids, r.cpu_shares};
}

void PutLabels(const Context& context, const api::Workload& w, Container& to) {
  auto& labels = to.config.labels;
  labels = w.labels;
  labels[api::kLabelManaged] = "true";
  labels[api::kLabelComponent] = to.component;
  if (const std::string limits = Limits(w.resources); !limits.empty()) labels[api::kLabelLimits] = limits;
  to.spec_hash = SpecHash(to);
  labels[api::kLabelSpecHash] = to.spec_hash;
  labels[api::kLabelHost] = context.input.document.name;
  labels[api::kLabelRevision] = context.input.revision;
}

schedule::Policy Turns(const api::Rollout& rollout) {
  schedule::Policy turns{.splay = rollout.splay, .windows = {}};
  for (const api::Window& window : rollout.windows) {
    absl::StatusOr<schedule::Cron> cron = schedule::Cron::Parse(window.schedule);
    const absl::StatusOr<absl::TimeZone> zone = schedule::ParseZone(window.time_zone);
    if (cron.ok() && zone.ok()) turns.windows.push_back({*std::move(cron), window.duration, *zone});
  }
  return turns;
}

void PutAgentSide(const api::Workload& w, Container& to) {
  to.pull_policy = *w.image_pull_policy;
  to.image_archive = w.image_archive;
  to.image_pull_secret = w.image_pull_secret;
  to.stop_grace = *w.stop_grace_period;
  to.restart_policy = w.restart_policy;
  to.readiness = w.readiness_probe;
  to.startup = w.startup_probe;
  to.liveness = w.liveness_probe;
  to.rollout = w.rollout;
  to.turns = Turns(w.rollout);
  to.auto_update_interval = w.auto_update_interval;
  to.ignore_drift = {w.ignore_drift.begin(), w.ignore_drift.end()};
  to.takeover = w.takeover;
}

void PutDependencies(const Context& context, const api::Workload& w, Container& to) {
  absl::Duration longest = absl::ZeroDuration();
  for (const std::string& component : *w.depends_on)
    for (const Expanded& e : context.workloads)
      if (e.component == component) {
        to.depends_on.push_back(*e.workload.container_name);
        longest = std::max(longest, e.workload.rollout.progress_deadline);
      }
  if (!to.depends_on.empty()) to.dependency_deadline = longest;
}

// A missing source that looks like a file is never made: a directory in its place would be mounted for it.
bool IsOurs(absl::string_view path) {
  const bool below = absl::StartsWith(path, "/runner/") || absl::StartsWith(path, "/var/lib/spacelet/");
  const bool looks_like_file = absl::StrContains(path.substr(path.rfind('/') + 1), '.');
  return path == "/runner" || (below && !looks_like_file);
}

void AddDirectory(std::vector<Directory>& to, const std::string& path, uint32_t mode,
                  const std::string& owner) {
  const bool known = std::any_of(to.begin(), to.end(), [&](const Directory& d) { return d.path == path; });
  if (!known) to.push_back({path, mode, owner});
}

std::vector<Directory> VolumeDirectories(const api::Workload& w) {
  std::vector<Directory> out;
  for (const api::Volume& volume : w.volumes)
    if (IsOurs(volume.host)) AddDirectory(out, volume.host, 0755, "");
  return out;
}

// The runner's directory holds a key and a database, so it is for the runner's user alone.
std::vector<Directory> RunnerDirectories(const api::Runner& runner, const api::Workload& w) {
  const std::string directory = RunnerDirectory(runner);
  const std::string owner = w.user.value_or("");
  std::vector<Directory> out{{directory, 0700, owner},
                             {absl::StrCat(directory, "/", kAgentDirectory), 0700, owner}};
  for (const Directory& d : VolumeDirectories(w)) AddDirectory(out, d.path, d.mode, d.owner);
  return out;
}

void PutFiles(const api::Workload& w, Container& to) {
  for (const auto& [name, value] : w.env)
    if (value.secret) to.secret_env[name] = *value.secret;
  for (const api::File& f : w.files) to.files.push_back({f.path, f.content.value_or(""), f.secret, f.mode});
  to.directories = VolumeDirectories(w);
}

// "docker-delegate" → "docker-delegate-0f8fad5b", within the 63 characters of a DNS label and of a hostname.
std::string WithSuffix(absl::string_view hostname, absl::string_view suffix) {
  constexpr size_t kLongest = 63;
  const size_t dot = std::min(hostname.find('.'), hostname.size());
  absl::string_view label = hostname.substr(0, std::min(dot, kLongest - 1 - suffix.size()));
  while (absl::ConsumeSuffix(&label, "-")) {
  }
  const std::string unique = absl::StrCat(label, "-", suffix),
                    whole = absl::StrCat(unique, hostname.substr(dot));
  return whole.size() > kLongest ? unique : whole;
}

// After the hash, which knows the document's hostname only: the strategy alone makes no new container. As an
// alias that name stays on the network.
void PutOwnHostname(Container& to) {
  constexpr size_t kDigits = 8;
  if (to.config.hostname.empty()) return;
  const absl::string_view hash = absl::StripPrefix(to.spec_hash, "v1:");
  const std::string hostname = to.config.hostname;
  to.config.hostname = WithSuffix(hostname, hash.substr(0, kDigits));
  to.spare_hostname = WithSuffix(hostname, hash.substr(kDigits, kDigits));
}

Container CompileContainer(const Context& context, const Expanded& expanded) {
  const api::Workload& w = expanded.workload;
  const std::string& network = context.input.document.network.name;
  Container out;
  out.component = expanded.component;
  out.name = *w.container_name;
  out.platform = w.platform.value_or("");
  out.network = w.host_network ? "" : network;
  PutProcess(w, out.config);
  PutNetwork(w, network, out.config);
  PutSecurity(w, out.config);
  PutResources(w, out.config);
  PutFiles(w, out);
  PutAgentSide(w, out);
  out.drain = expanded.drain;
  out.state_file = expanded.state_file;
  out.config.health = expanded.health;
  PutDependencies(context, w, out);
  PutLabels(context, w, out);
  if (expanded.own_hostname) PutOwnHostname(out);
  return out;
}

docker::NetworkConfig ToDocker(const api::Network& network) {
  return {network.name,
          network.driver,
          network.subnet.value_or(""),
          network.gateway.value_or(""),
          network.ipv6,
          network.internal,
          network.options,
          network.labels};
}

std::vector<Expanded> Expand(const api::Document& document, const ResolvedPool& pool,
                             std::vector<std::string>& warnings) {
  std::vector<Expanded> out;
  if (document.runner) out.push_back(ExpandRunner(*document.runner, pool.container_path, warnings));
  if (document.delegate)
    out.push_back(ExpandDelegate(*document.delegate, document.runner ? &out.front() : nullptr, warnings));
  for (const api::GenericContainer& container : document.containers) out.push_back(ExpandGeneric(container));
  return out;
}

// The URL as the delegate gets it: an env of the document's own wins over the profile.
void CheckRunnerUrl(const api::Document& document, const std::vector<Expanded>& workloads,
                    std::vector<std::string>& warnings) {
  for (const Expanded& e : workloads) {
    auto it = e.workload.env.find("RUNNER_URL");
    const bool written = it != e.workload.env.end() && !it->second.secret;
    if (e.component != "delegate" || !written || !document.delegate) continue;
    if (auto warning = desired::CheckRunnerUrl(it->second.value, workloads)) warnings.push_back(*warning);
  }
}

void AttachPool(const api::Runner& runner, const Expanded& expanded, ResolvedPool pool, Host& host) {
  auto it = std::find_if(host.containers.begin(), host.containers.end(),
                         [](const Container& c) { return c.component == "runner"; });
  if (it == host.containers.end()) return;
  it->directories = RunnerDirectories(runner, expanded.workload);
  it->pool = std::move(pool.file);
  if (!pool.error.empty())
    host.blocked.push_back({it->name, api::reason::kInvalidPool, std::move(pool.error)});
}

}  // namespace

Network LabelledNetwork(docker::NetworkConfig config, const std::string& host, const std::string& revision) {
  Network out;
  out.spec_hash = SpecHash(config);
  const std::string canonical = CanonicalJson(config);
  config.labels[api::kLabelManaged] = "true";
  config.labels[api::kLabelComponent] = "network";
  config.labels[api::kLabelSpecHash] = out.spec_hash;
  config.labels[api::kLabelNetworkSpec] = canonical;
  config.labels[api::kLabelHost] = host;
  config.labels[api::kLabelRevision] = revision;
  out.config = std::move(config);
  return out;
}

Compiled Compile(const CompileInput& input) {
  const api::Document& document = input.document;
  Compiled out;
  out.host.name = document.name;
  out.host.suspend = document.suspend;
  out.host.revision = input.revision;
  out.host.generation = input.generation;

  ResolvedPool pool;
  if (document.runner) pool = ResolvePool(*document.runner, input.read_file);
  out.warnings = pool.warnings;
  const std::vector<Expanded> workloads = Expand(document, pool, out.warnings);
  CheckRunnerUrl(document, workloads, out.warnings);

  for (const Expanded& e : workloads) out.host.containers.push_back(CompileContainer({input, workloads}, e));
  if (document.runner) AttachPool(*document.runner, workloads.front(), std::move(pool), out.host);
  const bool networked = std::any_of(workloads.begin(), workloads.end(),
                                     [](const Expanded& e) { return !e.workload.host_network; });
  if (networked)
    out.host.network = LabelledNetwork(ToDocker(document.network), document.name, input.revision);
  out.host.containers = InStartOrder(std::move(out.host.containers));
  return out;
}

}  // namespace spacelet::desired

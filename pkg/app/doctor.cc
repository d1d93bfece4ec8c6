#include "pkg/app/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/reasons.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/doctor_docker.h"
#include "pkg/app/doctor_document.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/reference.h"
#include "pkg/doctor/host.h"
#include "pkg/doctor/ports.h"
#include "pkg/doctor/reach.h"
#include "pkg/git/location.h"
#include "pkg/http/client.h"
#include "pkg/report/status_json.h"

namespace spacelet::app {
namespace {

constexpr char kDefaultManager[] = "https://app.harness.io";
constexpr uint64_t kMiB = 1 << 20;

std::string FirstOf(const char* upper, const char* lower) {
  return GetEnv(upper).value_or(GetEnv(lower).value_or(""));
}

std::string ManagerOf(const std::optional<api::Document>& document) {
  if (!document) return kDefaultManager;
  return document->delegate ? document->delegate->manager_url : "";
}

doctor::ReachFacts ReachManager(const std::string& url) {
  if (url.empty()) return {};
  return doctor::Reach(url, {.http = true,
                             .proxy = FirstOf("HTTPS_PROXY", "https_proxy"),
                             .no_proxy = FirstOf("NO_PROXY", "no_proxy")});
}

// Docker Hub answers under another name than it is called by.
std::string RegistryUrl(const std::string& domain) {
  return absl::StrCat("https://", domain == "docker.io" ? "registry-1.docker.io" : domain);
}

std::vector<doctor::RegistryFacts> RegistriesOf(const ExaminedDocument& document, const DaemonFacts& daemon) {
  std::map<std::string, bool> present;  // registry -> all its images are here
  if (document.compiled)
    for (const desired::Container& container : document.compiled->host.containers) {
      const auto reference = docker::ParseReference(container.image());
      const auto image = daemon.present.find(container.image());
      if (!reference.ok()) continue;
      bool& all = present.try_emplace(reference->domain, true).first->second;
      all = all && image != daemon.present.end() && image->second;
    }
  std::vector<doctor::RegistryFacts> registries;
  for (const auto& [name, all] : present) registries.push_back({name, all, {}});
  return registries;
}

void ReachRegistries(std::vector<doctor::RegistryFacts>& registries, const DaemonFacts& daemon) {
  std::vector<std::future<doctor::ReachFacts>> answers;
  for (const doctor::RegistryFacts& registry : registries)
    answers.push_back(std::async(std::launch::async, [&daemon, url = RegistryUrl(registry.name)] {
      return doctor::Reach(url, {.http = false, .proxy = daemon.https_proxy, .no_proxy = daemon.no_proxy});
    }));
  for (size_t i = 0; i < registries.size(); ++i) registries[i].reach = answers[i].get();
}

constexpr absl::Duration kAgentPatience = absl::Seconds(5);

absl::StatusOr<report::Status> ReadStatus(const AgentAddress& agent) {
  ASSIGN_OR_RETURN(const AgentPort port, FindAgent(agent));
  http::CallOptions options;
  options.deadline = kAgentPatience;
  const auto answer = http::Client(port.endpoint).Call(RequestTo(port, "/api/v1/status"), options);
  if (!answer.ok()) return answer.status();  // the check says in its own words what that means
  RETURN_IF_ERROR(CheckAnswer(port, answer));
  return report::StatusFromJson(answer->body);
}

doctor::GitFacts GitOf(const report::Status& status) {
  doctor::GitFacts facts;
  if (!git::IsLocation(status.config.source)) return facts;
  facts.source = status.config.source;
  for (const char* program : {"git", "ssh"})
    if ((program == std::string("git") || absl::StartsWith(facts.source, "git+ssh")) && !IsInPath(program))
      facts.missing.push_back(program);
  const report::Condition* accepted = report::Find(status.conditions, api::kConfigAccepted);
  if (accepted == nullptr || !absl::StartsWith(accepted->reason, "Git")) return facts;
  facts.reason = accepted->reason;
  facts.message = accepted->message;
  return facts;
}

void ExamineStatus(const AgentAddress& agent, doctor::AgentFacts& facts) {
  const absl::StatusOr<report::Status> status = ReadStatus(agent);
  if (!status.ok()) {
    facts.error = std::string(status.status().message());
    return;
  }
  facts.answers = true;
  facts.version = status->agent.version;
  facts.git = GitOf(*status);
  facts.ready = report::IsTrue(status->conditions, api::kReady);
  for (const report::Condition& condition : status->conditions)
    if (condition.type == api::kReady) facts.missing = condition.message;
}

std::string ListenerAt(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) return "";
  const auto listeners = doctor::ReadListeners("/proc/net");
  if (!listeners) return "";
  const doctor::Listener* listener =
      InTheWay(*listeners, address.substr(0, colon), static_cast<uint16_t>(port), "tcp");
  if (listener == nullptr) return "";
  const std::string process = doctor::ProcessWith(listener->inode);
  return process.empty() ? "another process" : process;
}

doctor::AgentFacts ExamineAgent(const DoctorOptions& options, const std::stop_token& stop) {
  doctor::AgentFacts facts;
  facts.address = options.agent.url.empty() ? kDefaultAddress : options.agent.url;
  facts.lock_file = options.lock_file;
  ExamineStatus(options.agent, facts);
  facts.unit = doctor::ReadUnit("spacelet.service", stop);
  if (facts.answers) return facts;
  facts.lock_pid = doctor::LockHolder(options.lock_file);
  facts.port_holder = ListenerAt(facts.address);
  facts.last_error = doctor::LastErrorOf("spacelet.service", stop);
  return facts;
}

// One line for each file system: what needs most of it comes first.
void AddDisk(doctor::DiskFacts disk, uint64_t needed, uint64_t wanted,
             std::vector<doctor::DiskFacts>& disks) {
  const bool known = std::any_of(disks.begin(), disks.end(), [&](const doctor::DiskFacts& other) {
    return other.device == disk.device && disk.unreachable.empty();
  });
  disk.needed = needed;
  disk.wanted = wanted;
  if (!known) disks.push_back(std::move(disk));
}

void ExamineDisks(const DoctorOptions& options, doctor::Facts& facts) {
  const bool local = !facts.docker.socket.empty() && !facts.docker.engine.data_root.empty();
  if (local)
    AddDisk(doctor::LookAtDisk("Docker's data root", facts.docker.engine.data_root), 1024 * kMiB, 5120 * kMiB,
            facts.disks);
  if (!facts.runner_directory.path.empty())
    AddDisk(doctor::LookAtDisk("the runner's directory", facts.runner_directory.path), 100 * kMiB,
            1024 * kMiB, facts.disks);
  AddDisk(doctor::LookAtDisk("the state directory", options.state_dir), 16 * kMiB, 100 * kMiB, facts.disks);
}

void ExamineMachine(const DoctorOptions& options, const ExaminedDocument& document, doctor::Facts& facts) {
  const std::string directory = !document.document          ? "/runner"
                                : document.document->runner ? document.document->runner->directory
                                                            : "";
  if (!directory.empty()) facts.runner_directory = doctor::LookAtDirectory(directory);
  ExamineDisks(options, facts);
  facts.resources = doctor::ReadResources(options.root);
  if (facts.docker.engine.cpus > 0) facts.resources.cpus = facts.docker.engine.cpus;
  if (document.compiled)
    for (const desired::Container& container : document.compiled->host.containers)
      facts.resources.limits.push_back({container.name, container.config.resources.nano_cpus.value_or(0),
                                        container.config.resources.memory.value_or(0)});
  facts.clock = doctor::ReadClock();
  facts.cloud_init = doctor::ReadCloudInit(options.root);
}

}  // namespace

doctor::Facts Diagnose(const DoctorOptions& options, const std::stop_token& stop) {
  doctor::Facts facts;
  const ExaminedDocument document = ExamineDocument(options, facts);
  facts.cloud = doctor::ReadCloud(options.root);
  auto manager = std::async(std::launch::async, ReachManager, ManagerOf(document.document));
  auto metadata = std::async(std::launch::async, doctor::AskMetadata, facts.cloud, options.metadata_ip,
                             options.metadata_port);
  auto agent = std::async(std::launch::async, ExamineAgent, std::cref(options), stop);
  facts.boot.systemd = doctor::RunsSystemd();
  facts.boot.docker = doctor::ReadUnit("docker.service", stop);
  facts.boot.socket = doctor::ReadUnit("docker.socket", stop);
  const DaemonFacts daemon = ExamineDocker(options, document, facts, stop);
  facts.registries = RegistriesOf(document, daemon);
  ReachRegistries(facts.registries, daemon);
  ExamineMachine(options, document, facts);
  facts.manager = manager.get();
  facts.metadata = metadata.get();
  facts.agent = agent.get();
  return facts;
}

}  // namespace spacelet::app

#include "pkg/desired/profiles.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pkg/api/listen_port.h"

namespace spacelet::desired {
namespace {

constexpr char kPoolFlag[] = "--pool";
constexpr char kDatabaseVariable[] = "DRONE_DATABASE_DATASOURCE";

const std::string* Literal(const api::Workload& workload, const std::string& variable) {
  auto it = workload.env.find(variable);
  return it == workload.env.end() || it->second.secret ? nullptr : &it->second.value;
}

void ProfileEnv(Expanded& to, const std::string& variable, api::EnvValue value,
                std::vector<std::string>& warnings) {
  auto [it, inserted] = to.workload.env.emplace(variable, value);
  if (inserted || it->second == value) return;
  warnings.push_back(absl::StrCat("spec.", to.component, ".env.", variable,
                                  " replaces the value that the profile gives it"));
}

const api::Volume* RunnerVolume(const api::Workload& workload) {
  auto it = std::find_if(workload.volumes.begin(), workload.volumes.end(),
                         [](const api::Volume& v) { return v.container == kRunnerMount; });
  return it == workload.volumes.end() ? nullptr : &*it;
}

std::vector<std::string> RunnerArgs(const std::optional<std::vector<std::string>>& written,
                                    const std::string& pool_path) {
  std::vector<std::string> args = written.value_or(std::vector<std::string>{"delegate"});
  const bool own_pool = std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    return arg == kPoolFlag || absl::string_view(arg).substr(0, 7) == "--pool=";
  });
  if (!own_pool) args.insert(args.end(), {kPoolFlag, pool_path});
  return args;
}

std::string Url(absl::string_view host, uint16_t port) {
  return absl::StrCat("http://", host, ":", port, "/");
}

// How the delegate reaches the runner: by name on the network; through a published port from the host's
// network.
std::optional<std::string> DeriveRunnerUrl(const api::Workload& runner, const api::Workload& delegate) {
  const uint16_t port = api::RunnerListenPort(runner);
  if (!runner.host_network && !delegate.host_network) return Url(runner.hostname.value_or(""), port);
  if (!delegate.host_network) return std::nullopt;
  if (runner.host_network) return Url("127.0.0.1", port);
  for (const api::Port& published : runner.ports.value_or(std::vector<api::Port>{}))
    if (published.container == port)
      return Url(published.ip == "0.0.0.0" ? "127.0.0.1" : published.ip, published.host);
  return std::nullopt;
}

std::optional<std::string> RunnerUrl(const api::Delegate& delegate, const Expanded* runner,
                                     std::vector<std::string>& warnings) {
  if (delegate.runner_url) return delegate.runner_url;
  auto url = runner == nullptr ? std::nullopt : DeriveRunnerUrl(runner->workload, delegate.workload);
  if (!url && delegate.workload.env.count("RUNNER_URL") == 0)
    warnings.push_back(
        absl::StrCat("spec.delegate.runnerUrl: ",
                     runner == nullptr ? "the document has no runner to derive it from"
                                       : "the runner cannot be reached by name from the delegate's network",
                     ", and without RUNNER_URL the delegate looks for a runner inside its own container"));
  return url;
}

struct HostPort {
  std::string host;
  uint16_t port = 80;
};

std::optional<HostPort> SplitUrl(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "http://") && !absl::ConsumePrefix(&url, "https://")) return std::nullopt;
  absl::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.empty()) return std::nullopt;
  const size_t colon = authority.rfind(':');
  if (colon == absl::string_view::npos) return HostPort{std::string(authority)};
  uint32_t port = 0;
  if (!absl::SimpleAtoi(authority.substr(colon + 1), &port) || port == 0 || port > 65535) return std::nullopt;
  return HostPort{std::string(authority.substr(0, colon)), static_cast<uint16_t>(port)};
}

bool AnswersTo(const api::Workload& workload, const std::string& host) {
  return !workload.host_network &&
         (workload.container_name == host || workload.hostname == host ||
          std::find(workload.network_aliases.begin(), workload.network_aliases.end(), host) !=
              workload.network_aliases.end());
}

// Its sqlite file, while it is below the bind of its directory; a database server keeps its own state.
std::optional<StateFile> RunnerDatabase(const api::Runner& runner, const api::Workload& workload) {
  const std::string* path = Literal(workload, kDatabaseVariable);
  const std::string* driver = Literal(workload, "DRONE_DATABASE_DRIVER");
  absl::string_view below = path == nullptr ? absl::string_view() : *path;
  if (!absl::ConsumePrefix(&below, absl::StrCat(kRunnerMount, "/"))) return std::nullopt;
  if (driver != nullptr && *driver != "sqlite3") return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(below, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) return std::nullopt;  // leads elsewhere
  const std::string directory = RunnerDirectory(runner);
  return StateFile{.variable = kDatabaseVariable,
                   .default_path = "/database.sqlite3",
                   .container_path = *path,
                   .host_path = absl::StrCat(directory, "/", below),
                   .backup_prefix = absl::StrCat(directory, "/", kAgentDirectory, "/database-")};
}

bool OnHostNetwork(const std::vector<Expanded>& workloads, absl::string_view component) {
  return std::any_of(workloads.begin(), workloads.end(),
                     [&](const Expanded& e) { return e.component == component && e.workload.host_network; });
}

}  // namespace

std::string RunnerDirectory(const api::Runner& runner) {
  const api::Volume* volume = RunnerVolume(runner.workload);
  return volume != nullptr ? volume->host : runner.directory;
}

Expanded ExpandRunner(const api::Runner& runner, const std::string& pool_path,
                      std::vector<std::string>& warnings) {
  Expanded out{"runner", runner.workload};
  api::Workload& w = out.workload;
  if (RunnerVolume(w) == nullptr) w.volumes.push_back({runner.directory, kRunnerMount, false});
  ProfileEnv(out, kDatabaseVariable, {kRunnerDatabase, std::nullopt}, warnings);
  w.args = RunnerArgs(runner.workload.args, pool_path);
  out.drain = DrainMetric{api::RunnerListenPort(w), "/metrics", "harness_ci_pipeline_running_executions"};
  out.state_file = RunnerDatabase(runner, w);
  return out;
}

Expanded ExpandDelegate(const api::Delegate& delegate, const Expanded* runner,
                        std::vector<std::string>& warnings) {
  Expanded out{"delegate", delegate.workload};
  api::Workload& w = out.workload;
  const auto literal = [&](const char* variable, std::string value) {
    ProfileEnv(out, variable, {std::move(value), std::nullopt}, warnings);
  };
  literal("ACCOUNT_ID", delegate.account_id);
  literal("DELEGATE_NAME", delegate.name);
  if (!delegate.tags.empty()) literal("DELEGATE_TAGS", absl::StrJoin(delegate.tags, ","));
  literal("DELEGATE_TYPE", "DOCKER");
  literal("DEPLOY_MODE", delegate.deploy_mode);
  literal("MANAGER_HOST_AND_PORT", delegate.manager_url);
  literal("NEXT_GEN", "true");
  if (auto url = RunnerUrl(delegate, runner, warnings)) literal("RUNNER_URL", *url);
  ProfileEnv(out, "DELEGATE_TOKEN", {"", delegate.token}, warnings);
  out.drain = DrainMetric{api::DelegateListenPort(w), "/api/metrics",
                          "io_harness_custom_metric_tasks_currently_executing"};
  // Images since 85601 check themselves from the tenth second on, in which no JVM connects to its manager:
  // they are unhealthy for a while at every start, and whoever looks at that (autoheal, a dockerHealth probe)
  // kills them.
  out.health = docker::HealthConfig{.start_period = w.rollout.progress_deadline};
  // Harness tells delegates apart by name and hostname; of two that have both in common one ends itself.
  out.own_hostname = w.rollout.strategy == api::Rollout::Strategy::kStartFirst;
  return out;
}

Expanded ExpandGeneric(const api::GenericContainer& container) {
  return {container.name, container.workload};
}

std::optional<std::string> CheckRunnerUrl(const std::string& url, const std::vector<Expanded>& workloads) {
  constexpr absl::string_view kField = "spec.delegate.runnerUrl: ";
  const std::optional<HostPort> target = SplitUrl(url);
  if (!target) return absl::StrCat(kField, url, " is not of the form http://HOST:PORT/");
  if (OnHostNetwork(workloads, "delegate"))
    return std::nullopt;  // the host's names and ports are not ours to know
  if (target->host == "127.0.0.1" || target->host == "localhost")
    return absl::StrCat(kField, url, " is the delegate's own container; name the runner instead");
  for (const Expanded& e : workloads) {
    if (!AnswersTo(e.workload, target->host)) continue;
    if (e.component == "runner" && api::RunnerListenPort(e.workload) != target->port)
      return absl::StrCat(kField, "the runner listens on port ", api::RunnerListenPort(e.workload),
                          ", not on ", target->port);
    return std::nullopt;
  }
  return absl::StrCat(kField, "no container of this document answers to the name ", target->host);
}

}  // namespace spacelet::desired

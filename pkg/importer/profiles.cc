// What a runner and a delegate are, backwards: the fields of the document out of arguments and variables.
#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/api/listen_port.h"
#include "pkg/config/load.h"
#include "pkg/importer/workload.h"

namespace spacelet::importer {
namespace {

constexpr char kRunnerMount[] = "/runner";
constexpr char kDatabase[] = "DRONE_DATABASE_DATASOURCE";
constexpr size_t kShortId = 12;

// The bind of the runner's directory becomes `directory`.
void TakeDirectory(api::Runner& runner) {
  std::vector<api::Volume>& volumes = runner.workload.volumes;
  const auto bind = std::find_if(volumes.begin(), volumes.end(), [](const api::Volume& v) {
    return v.container == kRunnerMount && !v.read_only;
  });
  if (bind == volumes.end()) return;
  runner.directory = bind->host;
  volumes.erase(bind);
}

// Takes "--pool PATH" or "--pool=PATH" out of the arguments.
std::optional<std::string> TakePool(std::vector<std::string>& args) {
  for (auto it = args.begin(); it != args.end(); ++it) {
    absl::string_view arg = *it;
    std::string path;
    auto end = it + 1;
    if (absl::ConsumePrefix(&arg, "--pool=")) {
      path = std::string(arg);
    } else if (arg == "--pool" && end != args.end()) {
      path = *end++;
    } else {
      continue;
    }
    args.erase(it, end);
    return path;
  }
  return std::nullopt;
}

std::optional<std::string> HostPath(const api::Runner& runner, absl::string_view path) {
  std::vector<api::Volume> binds = runner.workload.volumes;
  binds.push_back({runner.directory, kRunnerMount, false});
  for (const api::Volume& bind : binds)
    if (absl::StartsWith(path, absl::StrCat(bind.container, "/")))
      return absl::StrCat(bind.host, path.substr(bind.container.size()));
  return std::nullopt;
}

void TakeArguments(api::Runner& runner, Notes& notes) {
  std::optional<std::vector<std::string>>& args = runner.workload.args;
  std::vector<std::string> rest = args.value_or(std::vector<std::string>{});
  const std::optional<std::string> path = TakePool(rest);
  const std::optional<std::string> host_path = path ? HostPath(runner, *path) : std::nullopt;
  if (!host_path) {
    notes.push_back({"", path ? absl::StrCat("its pool ", *path, " is on no volume: name its file as `pool`")
                              : std::string("it has no --pool: name its pool file as `pool`")});
    return;
  }
  runner.pool = api::Pool{*host_path, std::nullopt};
  args = std::move(rest);
  if (*args == std::vector<std::string>{"delegate"}) args.reset();
}

// VMs know their runner by its name, which is its hostname, and Docker made one of the container's id.
void KeepHostname(const docker::Recipe& recipe, api::Workload& workload, Notes& notes) {
  if (workload.hostname || workload.host_network || workload.env.count("DRONE_RUNNER_NAME") > 0) return;
  workload.hostname = recipe.id.substr(0, kShortId);
  notes.push_back({"hostname",
                   "the runner's name, by which its existing Gitspace VMs know it; without any, leave it "
                   "out: it is vm-runner then"});
}

std::vector<std::string> Tags(const std::string& text) {
  std::vector<std::string> tags;
  for (absl::string_view tag : absl::StrSplit(text, ','))
    if (tag = absl::StripAsciiWhitespace(tag); !tag.empty()) tags.emplace_back(tag);
  return tags;
}

// As desired::ExpandDelegate derives it where both are on the document's network.
std::string DerivedUrl(const api::Runner& runner) {
  return absl::StrCat("http://", runner.workload.hostname.value_or("vm-runner"), ":",
                      api::RunnerListenPort(runner.workload), "/");
}

void Drop(std::map<std::string, api::EnvValue>& env, const std::string& variable, const std::string& value) {
  const auto it = env.find(variable);
  if (it != env.end() && it->second.value == value && !it->second.secret) env.erase(it);
}

}  // namespace

api::Runner RunnerOf(const docker::Recipe& recipe, const std::string& network, Notes& notes) {
  api::Runner runner;
  runner.workload = WorkloadOf(recipe, "runner", network, notes);
  runner.workload.rollout.drain_timeout = config::kRunnerDrainTimeout;
  TakeDirectory(runner);
  TakeArguments(runner, notes);
  KeepHostname(recipe, runner.workload, notes);
  Drop(runner.workload.env, kDatabase, "/runner/database.sqlite3");
  if (recipe.request.config.env.count(kDatabase) == 0)
    notes.push_back(
        {"",
         absl::StrCat("its database is in the container and goes with it; once it is stopped:\n"
                      "sudo docker cp ",
                      recipe.request.name, ":/database.sqlite3 ", runner.directory, "/database.sqlite3")});
  return runner;
}

api::Delegate DelegateOf(const docker::Recipe& recipe, const std::string& network, const api::Runner* runner,
                         Notes& notes) {
  api::Delegate delegate;
  Notes own;
  api::Workload& w = delegate.workload = WorkloadOf(recipe, "delegate", network, own);
  delegate.name = Take(w.env, "DELEGATE_NAME");
  delegate.account_id = Take(w.env, "ACCOUNT_ID");
  Take(w.env, "DELEGATE_TOKEN");
  delegate.token.file = "/etc/spacelet/delegate-token";
  for (Note& note : own)
    notes.push_back(note.field == "env.DELEGATE_TOKEN"
                        ? SaveSecret(recipe, "DELEGATE_TOKEN", "token", delegate.token.file)
                        : std::move(note));
  delegate.tags = Tags(Take(w.env, "DELEGATE_TAGS"));
  if (std::string url = Take(w.env, "MANAGER_HOST_AND_PORT"); !url.empty()) delegate.manager_url = url;
  if (std::string mode = Take(w.env, "DEPLOY_MODE"); !mode.empty())
    delegate.deploy_mode = mode;
  else
    notes.push_back(
        {"", absl::StrCat("had no DEPLOY_MODE; here it gets ", delegate.deploy_mode, ", as the guide says")});
  Drop(w.env, "NEXT_GEN", "true");
  Drop(w.env, "DELEGATE_TYPE", "DOCKER");
  const std::string url = Take(w.env, "RUNNER_URL");
  if (!url.empty() && (runner == nullptr || url != DerivedUrl(*runner))) delegate.runner_url = url;
  return delegate;
}

}  // namespace spacelet::importer

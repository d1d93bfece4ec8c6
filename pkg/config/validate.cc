#include "pkg/config/validate.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/text.h"
#include "pkg/config/scalars.h"
#include "pkg/config/validate_network.h"
#include "pkg/config/validate_workload.h"

namespace spacelet::config {
namespace {

constexpr const char* kReservedComponents[] = {"runner", "delegate", "network"};

// A set of names that says where a name was first used.
class Names {
 public:
  explicit Names(absl::string_view what) : what_(what) {}

  void Take(const std::string& name, const std::string& path, Report& report) {
    const auto [first, is_new] = paths_.emplace(name, path);
    if (is_new) return;
    report.AddAt(Severity::kError, path,
                 absl::StrCat(what_, " ", base::OneLine(name, 130), " is taken by ", first->second));
  }

 private:
  std::string what_;
  std::map<std::string, std::string> paths_;
};

std::string NamePath(const Placed& placed, const Report& report) {
  const std::string explicit_name = absl::StrCat(placed.path, ".containerName");
  const std::string name = absl::StrCat(placed.path, ".name");
  return report.IsWritten(explicit_name) ? explicit_name : report.IsWritten(name) ? name : placed.path;
}

void CheckComponentNames(const api::Document& document, Report& report) {
  Names names("the name");
  for (size_t i = 0; i < document.containers.size(); ++i) {
    const std::string& name = document.containers[i].name;
    const std::string path = absl::StrCat("spec.containers[", i, "].name");
    if (name.empty()) continue;  // already reported
    names.Take(name, path, report);
    if (std::find(std::begin(kReservedComponents), std::end(kReservedComponents), name) !=
        std::end(kReservedComponents))
      report.AddAt(Severity::kError, path, absl::StrCat(name, " is a reserved name"), "choose another one");
  }
}

void CheckContainerNames(const std::vector<Placed>& workloads, Report& report) {
  Names names("the container name");
  std::set<std::string> taken;
  for (const Placed& placed : workloads) {
    const std::string name = placed.workload->container_name.value_or("");
    const std::string path = NamePath(placed, report);
    if (name.empty()) continue;
    if (name.size() < 2)  // moby: daemon/names
      report.AddAt(
          Severity::kError, path,
          absl::StrCat(name, " is too short: Docker's names of containers have at least two characters"));
    for (absl::string_view suffix : {".next", ".previous"})
      if (absl::EndsWith(name, suffix))
        report.AddAt(Severity::kError, path,
                     absl::StrCat("container names ending in ", suffix, " are reserved for rollouts"));
    if (absl::StrContains(name, ".dead-"))
      report.AddAt(Severity::kError, path,
                   "container names with .dead- are reserved for what Docker cannot remove");
    const bool compared_before =
        name == placed.component;  // by CheckComponentNames, but for the names of profiles
    if (!compared_before || taken.insert(name).second) names.Take(name, path, report);
  }
}

void CheckHostnames(const std::vector<Placed>& workloads, Report& report) {
  std::map<std::string, std::string> owners;
  for (const Placed& placed : workloads) {
    const api::Workload& workload = *placed.workload;
    if (workload.host_network) continue;
    std::set<std::string> names(workload.network_aliases.begin(), workload.network_aliases.end());
    if (workload.hostname) names.insert(*workload.hostname);
    for (const std::string& name : names) {
      const auto [first, is_new] = owners.emplace(name, placed.component);
      if (!is_new)
        report.AddAt(
            Severity::kWarning, absl::StrCat(placed.path, ".hostname"),
            absl::StrCat(name, " is also a name of ", first->second, ": requests alternate between the two"));
    }
  }
}

bool IsAnyAddress(const std::string& ip) { return ip == "0.0.0.0" || ip == "::"; }

// Who was first on each port of the host: there can be tens of thousands in all.
class HostPorts {
 public:
  // Who was there before, on an address that overlaps; empty: nobody.
  std::string Take(const api::Port& port, const std::string& path) {
    const bool is_any = IsAnyAddress(port.ip);
    const Taken before = is_any ? First(port, kEach) : std::min(First(port, port.ip), First(port, kAny));
    const Taken taken = {count_++, path};
    for (const std::string& address : {port.ip, std::string(kEach), std::string(is_any ? kAny : kEach)})
      taken_.emplace(Place{port.host, port.protocol, address}, taken);
    return before.second;
  }

 private:
  using Place = std::tuple<uint16_t, std::string, std::string>;
  using Taken = std::pair<size_t, std::string>;  // in which order, and by whom

  static constexpr char kEach[] = "each address", kAny[] = "any address";

  Taken First(const api::Port& port, const std::string& address) const {
    const auto found = taken_.find({port.host, port.protocol, address});
    return found == taken_.end() ? Taken{std::numeric_limits<size_t>::max(), ""} : found->second;
  }

  std::map<Place, Taken> taken_;
  size_t count_ = 0;
};

void CheckPorts(const std::vector<Placed>& workloads, Report& report) {
  HostPorts taken;
  for (const Placed& placed : workloads) {
    if (!placed.workload->ports) continue;
    for (size_t i = 0; i < placed.workload->ports->size(); ++i) {
      const api::Port& port = (*placed.workload->ports)[i];
      const std::string path = absl::StrCat(placed.path, ".ports[", i, "]");
      const std::string other = taken.Take(port, path);
      if (!other.empty())
        report.AddAt(Severity::kError, path, absl::StrCat("host port ", port.host, " is taken by ", other));
    }
  }
}

// The workloads that `from` depends on, in some number of steps.
bool DependsOnItself(const std::string& from, const std::map<std::string, std::vector<std::string>>& edges) {
  std::set<std::string> seen;
  std::vector<std::string> todo = {from};
  while (!todo.empty()) {
    const auto next = edges.find(todo.back());
    todo.pop_back();
    if (next == edges.end()) continue;
    for (const std::string& name : next->second) {
      if (name == from) return true;
      if (seen.insert(name).second) todo.push_back(name);
    }
  }
  return false;
}

void CheckDependencies(const std::vector<Placed>& workloads, Report& report) {
  std::vector<std::string> known;
  std::map<std::string, std::vector<std::string>> edges;
  for (const Placed& placed : workloads) {
    known.push_back(placed.component);
    edges[placed.component] = placed.workload->depends_on.value_or(std::vector<std::string>{});
  }
  for (const Placed& placed : workloads) {
    const std::vector<std::string>& names = edges[placed.component];
    for (size_t i = 0; i < names.size(); ++i) {
      if (std::find(known.begin(), known.end(), names[i]) != known.end()) continue;
      const auto nearest = base::Nearest(names[i], known);
      report.AddAt(Severity::kError, absl::StrCat(placed.path, ".dependsOn[", i, "]"),
                   absl::StrCat("there is no workload ", names[i]),
                   nearest ? absl::StrCat("did you mean ", *nearest, "?") : "");
    }
    if (DependsOnItself(placed.component, edges))
      report.AddAt(Severity::kError, absl::StrCat(placed.path, ".dependsOn"),
                   absl::StrCat(placed.component, " depends on itself, directly or through others"));
  }
}

void CheckRunner(const api::Runner& runner, Report& report) {
  if (runner.workload.rollout.strategy == api::Rollout::Strategy::kStartFirst)
    report.AddAt(Severity::kError, "spec.runner.rollout.strategy",
                 "StartFirst is not for the runner: two runners of one name destroy each other's VMs");
  const auto& volumes = runner.workload.volumes;
  for (size_t i = 0; i < volumes.size(); ++i)
    if (volumes[i].container == "/runner" && report.IsWritten("spec.runner.directory"))
      report.AddAt(Severity::kError, absl::StrCat("spec.runner.volumes[", i, "]"),
                   "mounts /runner, which `directory` does already: give one of the two");
}

}  // namespace

std::vector<Placed> Workloads(const api::Document& document) {
  std::vector<Placed> out;
  if (document.runner) out.push_back({"spec.runner", "runner", &document.runner->workload});
  if (document.delegate) out.push_back({"spec.delegate", "delegate", &document.delegate->workload});
  for (size_t i = 0; i < document.containers.size(); ++i)
    out.push_back({absl::StrCat("spec.containers[", i, "]"), document.containers[i].name,
                   &document.containers[i].workload});
  return out;
}

void Validate(const api::Document& document, Report& report) {
  const std::vector<Placed> workloads = Workloads(document);
  const bool has_list = report.IsWritten("spec.containers") && report.has_errors();
  if (workloads.empty() && report.IsWritten("spec") && !has_list)
    report.AddAt(Severity::kError, "spec",
                 "has no workload: at least one of runner, delegate and containers is needed");
  ValidateNetwork(document.network, report);
  CheckComponentNames(document, report);
  CheckContainerNames(workloads, report);
  CheckHostnames(workloads, report);
  CheckPorts(workloads, report);
  CheckDependencies(workloads, report);
  if (document.runner) CheckRunner(*document.runner, report);
  if (document.delegate) CheckSecret("spec.delegate.token", document.delegate->token, report);
  for (const Placed& placed : workloads) ValidateWorkload(placed, report);
}

}  // namespace spacelet::config

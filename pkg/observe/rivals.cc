#include "pkg/observe/rivals.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/docker/reference.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"

namespace spacelet::observe {
namespace {

constexpr char kDelegateName[] = "DELEGATE_NAME";             // what a delegate registers as
constexpr char kUpgraderTarget[] = "UPGRADER_WORKLOAD_NAME";  // harness/upgrader: the delegate it replaces

bool ImageLooksLike(const std::string& image, const char* word) {
  return absl::StrContains(absl::AsciiStrToLower(image), word);
}

std::string Who(const docker::ContainerSummary& c) {
  const std::string project = plan::ComposeProject(c.labels);
  return absl::StrCat("container ", c.name, " (", c.id.substr(0, 12), ", image ", c.image, "), ",
                      project.empty() ? "not managed by spacelet, "
                                      : absl::StrCat("of docker compose project ", project, ", "));
}

// The command that removes it gently. A runner that is killed orphans its VMs, a delegate loses its tasks.
std::string Removal(const docker::ContainerSummary& c) {
  const std::string project = plan::ComposeProject(c.labels);
  if (!project.empty()) return absl::StrCat("docker compose -p ", project, " down");
  const bool runner =
      ImageLooksLike(c.image, "drone-runner-aws") || ImageLooksLike(c.image, "harness-vm-runner");
  const char* grace = runner ? "-t 300 " : ImageLooksLike(c.image, "delegate") ? "-t 600 " : "";
  return absl::StrCat("docker stop ", grace, c.name, " && docker rm ", c.name);
}

bool AnyAddress(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

bool Overlap(const docker::PortBinding& a, const docker::PortBinding& b) {
  return a.host_port != 0 && a.host_port == b.host_port && a.protocol == b.protocol &&
         (AnyAddress(a.host_ip) || AnyAddress(b.host_ip) || a.host_ip == b.host_ip);
}

std::string EnvOf(const docker::Container& c, const char* name) {
  auto it = c.env.find(name);
  return it == c.env.end() ? "" : it->second;
}

std::string WantedEnv(const desired::Container& c, const char* name) {
  auto it = c.config.env.find(name);
  return it == c.config.env.end() ? "" : it->second.value;
}

class Finder {
 public:
  Finder(const desired::Container& want, std::vector<plan::Rival>& rivals) : want_(want), rivals_(rivals) {}

  void LookAt(const docker::ContainerSummary& foreign, const docker::Container* inspected) {
    if (foreign.state == "running") Ports(foreign);
    if (inspected == nullptr) return;
    if (foreign.state == "running") Hostname(foreign, *inspected);
    Identity(foreign, *inspected);
  }

 private:
  void Found(const docker::ContainerSummary& c, const std::string& what, const std::string& remedy,
             bool blocks, bool same_work) {
    rivals_.push_back({.container = c,
                       .reason = absl::StrCat(Who(c), what, ": ", remedy),
                       .object = plan::ContainerKey(want_.name),
                       .blocks = blocks,
                       .same_work = same_work});
  }

  // A port alone may be held by any program.
  bool IsSameProgram(const docker::ContainerSummary& foreign) const {
    const auto mine = docker::ParseReference(want_.image()), theirs = docker::ParseReference(foreign.image);
    return mine.ok() && theirs.ok() && docker::FamiliarName(*mine) == docker::FamiliarName(*theirs);
  }

  void Ports(const docker::ContainerSummary& foreign) {
    for (const docker::PortBinding& mine : want_.config.ports)
      for (const docker::PortBinding& theirs : foreign.ports)
        if (Overlap(mine, theirs)) {
          Found(
              foreign,
              absl::StrCat("holds port ", AnyAddress(theirs.host_ip) ? "0.0.0.0" : theirs.host_ip, ":",
                           theirs.host_port),
              absl::StrCat("stop and remove it (", Removal(foreign), "), or change `ports` in the document"),
              true, IsSameProgram(foreign));
          return;
        }
  }

  void Hostname(const docker::ContainerSummary& foreign, const docker::Container& inspected) {
    auto attachment = inspected.networks.find(want_.network);
    if (want_.network.empty() || want_.config.hostname.empty() || attachment == inspected.networks.end())
      return;
    const auto& aliases = attachment->second.aliases;
    // A hostname with a suffix is nobody's but ours; the name that others use is the alias it was made from.
    const bool suffixed = !want_.spare_hostname.empty() && !want_.config.aliases.empty();
    const std::string& name = suffixed ? want_.config.aliases.front() : want_.config.hostname;
    if (inspected.hostname != name && inspected.name != name &&
        std::find(aliases.begin(), aliases.end(), name) == aliases.end())
      return;
    Found(foreign,
          absl::StrCat("answers to ", name, " on network ", want_.network,
                       " as well, so connections go to either"),
          absl::StrCat("take it off the network (docker network disconnect ", want_.network, " ",
                       foreign.name, "), or remove it"),
          false, true);
  }

  void Identity(const docker::ContainerSummary& foreign, const docker::Container& inspected) {
    const std::string delegate = WantedEnv(want_, kDelegateName);
    if (delegate.empty()) return;
    if (EnvOf(inspected, kDelegateName) == delegate && foreign.state == "running")
      Found(foreign,
            absl::StrCat("registers as the delegate ", delegate,
                         " too; two of one name overwrite each other's tasks"),
            absl::StrCat("stop and remove it (", Removal(foreign), ")"), false, true);
    if (foreign.state != "running") return;
    const bool upgrader =
        ImageLooksLike(foreign.image, "upgrader") || !EnvOf(inspected, kUpgraderTarget).empty();
    if (upgrader &&
        (EnvOf(inspected, kUpgraderTarget).empty() || EnvOf(inspected, kUpgraderTarget) == delegate))
      Found(foreign, "is Harness's upgrader and replaces delegates behind spacelet's back",
            absl::StrCat("remove it (docker rm -f ", foreign.name, ")"), false, false);
    if (ImageLooksLike(foreign.image, "watchtower"))
      Found(foreign, "is Watchtower and replaces containers behind spacelet's back",
            "remove it, or label what it may update (com.centurylinklabs.watchtower.enable)", false, false);
  }

  const desired::Container& want_;
  std::vector<plan::Rival>& rivals_;
};

}  // namespace

bool IsSuspect(const desired::Host& desired, const docker::ContainerSummary& foreign) {
  if (desired.network && std::find(foreign.networks.begin(), foreign.networks.end(),
                                   desired.network->config.name) != foreign.networks.end())
    return true;
  for (const char* word : {"drone-runner-aws", "harness-vm-runner", "delegate", "upgrader", "watchtower"})
    if (ImageLooksLike(foreign.image, word)) return true;
  return false;
}

std::vector<plan::Rival> FindRivals(const desired::Host& desired,
                                    const std::vector<docker::ContainerSummary>& foreign,
                                    const std::map<std::string, docker::Container>& inspected) {
  std::vector<plan::Rival> rivals;
  for (const desired::Container& want : desired.containers) {
    Finder finder(want, rivals);
    for (const docker::ContainerSummary& c : foreign) {
      auto it = inspected.find(c.id);
      finder.LookAt(c, it == inspected.end() ? nullptr : &it->second);
    }
  }
  std::stable_sort(rivals.begin(), rivals.end(), [](const plan::Rival& a, const plan::Rival& b) {
    return std::tie(a.object, a.container.name, a.reason) < std::tie(b.object, b.container.name, b.reason);
  });
  return rivals;
}

}  // namespace spacelet::observe

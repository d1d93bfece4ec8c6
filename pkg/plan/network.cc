#include "pkg/plan/network.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/ownership.h"

namespace spacelet::plan {
namespace {

// An endpoint that has lost its sandbox is listed under its own id ("ep-…"), with the container's name still.
bool IsLost(const docker::NetworkMember& member) { return absl::StartsWith(member.container_id, "ep-"); }

const docker::Container* OwnedMember(const ObservedState& now, const docker::NetworkMember& member) {
  for (const docker::Container& c : now.containers)
    if (IsOwned(c.labels) && (IsLost(member) ? c.name == member.container_name : c.id == member.container_id))
      return &c;
  return nullptr;
}

bool IsForeign(const ObservedState& now, const docker::NetworkMember& member) {
  if (OwnedMember(now, member) != nullptr || now.owned.contains(member.container_id)) return false;
  return !IsLost(member) || std::none_of(now.owned.begin(), now.owned.end(), [&](const auto& owned) {
    return owned.second == member.container_name;
  });
}

std::vector<std::string> ForeignMembers(const docker::Network& network, const ObservedState& now) {
  std::vector<std::string> names;
  for (const docker::NetworkMember& m : network.members)
    if (IsForeign(now, m)) names.push_back(m.container_name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string HashOf(const docker::Network& network) {
  auto it = network.config.labels.find(api::kLabelSpecHash);
  return it == network.config.labels.end() ? "" : it->second;
}

std::vector<Change> Changes(const docker::NetworkConfig& from, const docker::NetworkConfig& to) {
  std::vector<Change> changes;
  auto add = [&](const char* field, const std::string& a, const std::string& b) {
    if (a != b) changes.push_back({field, a.empty() ? "none" : a, b.empty() ? "none" : b});
  };
  add("driver", from.driver, to.driver);
  if (!to.subnet.empty()) add("subnet", from.subnet, to.subnet);
  if (!to.gateway.empty()) add("gateway", from.gateway, to.gateway);
  add("ipv6", from.ipv6 ? "true" : "false", to.ipv6 ? "true" : "false");
  add("internal", from.internal ? "true" : "false", to.internal ? "true" : "false");
  for (const auto& [key, value] : to.options) {
    auto it = from.options.find(key);
    add(absl::StrCat("options.", key).c_str(), it == from.options.end() ? "" : it->second, value);
  }
  if (changes.empty()) changes.push_back({"spec", "older settings", "newer settings"});
  return changes;
}

// Start order of the member's workload; whatever is ours and no longer desired comes last.
size_t StartOrder(const desired::Host& desired, const docker::Container& c) {
  for (size_t i = 0; i < desired.containers.size(); ++i)
    if (desired.containers[i].component == ComponentOf(c.labels)) return i;
  return desired.containers.size();
}

void Replace(const desired::Host& desired, const docker::Network& have, const ObservedState& now,
             Plan& plan) {
  const std::string object = NetworkKey(have.config.name);
  struct Member {
    const docker::Container* container;
    bool lost;
  };
  std::vector<Member> members;
  for (const docker::NetworkMember& m : have.members)
    if (const docker::Container* c = OwnedMember(now, m)) members.push_back({c, IsLost(m)});
  std::stable_sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
    return StartOrder(desired, *a.container) < StartOrder(desired, *b.container);
  });
  for (auto it = members.rbegin(); it != members.rend(); ++it)  // who depends on others leaves first
    plan.steps.push_back(
        {DisconnectNetwork{have.id, it->lost ? it->container->name : it->container->id, it->lost},
         object,
         "network is replaced",
         {}});
  plan.steps.push_back({RemoveNetwork{have.id, have.config.name}, object, "settings changed",
                        Changes(have.config, desired.network->config)});
  plan.steps.push_back({CreateNetwork{desired.network->config}, object, "settings changed", {}});
  for (const Member& m : members)
    if (const size_t i = StartOrder(desired, *m.container); i < desired.containers.size())
      plan.steps.push_back(
          {ConnectNetwork{have.config.name, m.container->id, desired.containers[i].config.aliases},
           object,
           "network was replaced",
           {}});
}

void RemoveEmptyDuplicates(const docker::Network& keep, const ObservedState& now, Plan& plan) {
  for (const docker::Network& n : now.networks) {
    if (n.config.name != keep.config.name || n.id == keep.id) continue;
    if (IsOwned(n.config.labels) && n.members.empty()) {
      plan.steps.push_back({RemoveNetwork{n.id, n.config.name},
                            NetworkKey(n.config.name),
                            "empty second network of this name",
                            {}});
    } else {
      plan.conflicts.push_back(
          {NetworkKey(n.config.name),
           absl::StrCat("a second network named ", n.config.name, " (", n.id.substr(0, 12),
                        ") exists; Docker calls the name ambiguous: remove it (docker network rm ",
                        n.id.substr(0, 12), ")")});
    }
  }
}

}  // namespace

bool IsBeingReplaced(const desired::Host& desired, const docker::Network& network, const ObservedState& now) {
  return desired.network && desired.network->config.name == network.config.name &&
         IsOwned(network.config.labels) && HashOf(network) != desired.network->spec_hash &&
         ForeignMembers(network, now).empty();
}

Plan PlanNetwork(const desired::Host& desired, const ObservedState& now) {
  Plan plan;
  const desired::Network& want = *desired.network;
  const std::string object = NetworkKey(want.config.name);
  const docker::Network* have = NetworkToUse(want.config.name, now);
  if (have == nullptr) {
    plan.steps.push_back({CreateNetwork{want.config}, object, "not found", {}});
    return plan;
  }
  RemoveEmptyDuplicates(*have, now, plan);
  if (!IsOwned(have->config.labels)) {  // the guide's `docker network create harness` was run before us
    if (have->config.driver != want.config.driver)
      plan.conflicts.push_back(
          {object, absl::StrCat("network ", want.config.name, " exists with driver ", have->config.driver,
                                " and was not made by spacelet: remove it, or name its driver or another "
                                "network in the document")});
    return plan;
  }
  if (HashOf(*have) == want.spec_hash) return plan;
  const std::vector<std::string> foreign = ForeignMembers(*have, now);
  if (!foreign.empty()) {
    plan.conflicts.push_back(
        {object, absl::StrCat("the settings of network ", want.config.name, " changed, but ",
                              absl::StrJoin(foreign, ", "),
                              " is attached and not managed by spacelet: disconnect it first")});
    return plan;
  }
  Replace(desired, *have, now, plan);
  return plan;
}

Plan PlanNetworkRemoval(const std::string& name, const ObservedState& now) {
  Plan plan;
  const std::string object = NetworkKey(name);
  for (const docker::Network& n : now.networks) {
    if (n.config.name != name || !IsOwned(n.config.labels)) continue;
    const std::vector<std::string> foreign = ForeignMembers(n, now);
    if (!foreign.empty()) {
      plan.conflicts.push_back(
          {object,
           absl::StrCat("network ", name, " is no longer in the document, but ", absl::StrJoin(foreign, ", "),
                        " is attached and not managed by spacelet: disconnect it")});
    } else if (!n.members.empty()) {
      plan.waiting.push_back({object, ContainerKey(BaseName(n.members.front().container_name)), "detached",
                              api::reason::kReconciling});
    } else {
      plan.steps.push_back({RemoveNetwork{n.id, name}, object, "no longer in the document", {}});
    }
  }
  return plan;
}

}  // namespace spacelet::plan

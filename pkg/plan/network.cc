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

struct Member {
  const docker::Container* container;
  bool lost;
};

std::vector<Member> MembersOf(const desired::Host& desired, const docker::Network& network,
                              const ObservedState& now) {
  std::vector<Member> members;
  for (const docker::NetworkMember& m : network.members)
    if (const docker::Container* c = OwnedMember(now, m)) members.push_back({c, IsLost(m)});
  std::stable_sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
    return StartOrder(desired, *a.container) < StartOrder(desired, *b.container);
  });
  return members;
}

// Who is on a network when it has been made again: `members`, and whoever was taken off before them by an
// agent that did not come to its end.
void Connect(const desired::Host& desired, const std::vector<Member>& members, const ObservedState& now,
             Plan& plan) {
  const std::string& name = desired.network->config.name;
  std::vector<const docker::Container*> joining;
  for (const Member& m : members) joining.push_back(m.container);
  for (const docker::Container& c : now.containers)
    if (JoinsWithItsNetwork(desired, c) && std::find(joining.begin(), joining.end(), &c) == joining.end())
      joining.push_back(&c);
  std::stable_sort(joining.begin(), joining.end(), [&](const auto* a, const auto* b) {
    return StartOrder(desired, *a) < StartOrder(desired, *b);
  });
  for (const docker::Container* c : joining)
    if (const size_t i = StartOrder(desired, *c); i < desired.containers.size())
      plan.steps.push_back({ConnectNetwork{name, c->id, desired.containers[i].config.aliases},
                            NetworkKey(name),
                            "network was replaced",
                            {}});
}

// ---- what is remembered

api::NetworkHistory HistoryOf(const std::string& name, const ObservedState& now) {
  auto fact = now.facts.networks.find(name);
  return fact == now.facts.networks.end() ? api::NetworkHistory() : fact->second.history;
}

void Remember(const std::string& name, const api::NetworkHistory& history, const ObservedState& now,
              Plan& plan) {
  if (history != HistoryOf(name, now)) plan.networks[name] = history;
}

// Docker has refused what is wanted now.
bool IsGivenUp(const desired::Network& want, const ObservedState& now) {
  return HistoryOf(want.config.name, now).failed_hash == want.spec_hash;
}

const docker::NetworkConfig* GoesBackTo(const desired::Network& want, const ObservedState& now) {
  auto fact = now.facts.networks.find(want.config.name);
  const bool can = IsGivenUp(want, now) && fact->second.previous.has_value();
  return can ? &*fact->second.previous : nullptr;
}

void NoteGivenUp(const desired::Network& want, const ObservedState& now, Plan& plan) {
  const std::string& name = want.config.name;
  plan.notices.push_back(
      {NetworkKey(name), api::reason::kRolledBack,
       absl::StrCat("Docker refused the new settings of network ", name, ": ", HistoryOf(name, now).message,
                    ". The network was made again as it was before. They are not tried again until "
                    "spec.network changes or the agent gets a SIGHUP"),
       true});
}

// ---- what has to happen

// The guide's `docker network create harness` was run before us.
void UseAsItIs(const desired::Network& want, const docker::Network& have, Plan& plan) {
  if (have.config.driver == want.config.driver) return;
  plan.conflicts.push_back(
      {NetworkKey(want.config.name),
       absl::StrCat("network ", want.config.name, " exists with driver ", have.config.driver,
                    " and was not made by spacelet: remove it, or name its driver or another network in the "
                    "document")});
}

void Make(const desired::Host& desired, const ObservedState& now, Plan& plan) {
  const desired::Network& want = *desired.network;
  const docker::NetworkConfig* old = GoesBackTo(want, now);
  plan.goes_back = old != nullptr;
  const bool interrupted = !HistoryOf(want.config.name, now).previous.empty();
  const char* cause = old != nullptr ? "Docker refused the new settings, the old ones come back"
                      : interrupted  ? "its replacement was interrupted"
                                     : "not found";
  plan.steps.push_back(
      {CreateNetwork{old != nullptr ? *old : want.config}, NetworkKey(want.config.name), cause, {}});
  Connect(desired, {}, now, plan);
}

void Replace(const desired::Host& desired, const docker::Network& have, const ObservedState& now,
             Plan& plan) {
  const std::string object = NetworkKey(have.config.name);
  // What is removed is known to nobody else, and Docker may refuse what comes in its place.
  auto spec = have.config.labels.find(api::kLabelNetworkSpec);
  Remember(have.config.name, {spec == have.config.labels.end() ? "" : spec->second, "", ""}, now, plan);
  const std::vector<Member> members = MembersOf(desired, have, now);
  for (auto it = members.rbegin(); it != members.rend(); ++it)  // who depends on others leaves first
    plan.steps.push_back(
        {DisconnectNetwork{have.id, it->lost ? it->container->name : it->container->id, it->lost},
         object,
         "network is replaced",
         {}});
  plan.steps.push_back({RemoveNetwork{have.id, have.config.name}, object, "settings changed",
                        Changes(have.config, desired.network->config)});
  plan.steps.push_back({CreateNetwork{desired.network->config}, object, "settings changed", {}});
  Connect(desired, members, now, plan);
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
         !IsGivenUp(*desired.network, now) && ForeignMembers(network, now).empty();
}

bool JoinsWithItsNetwork(const desired::Host& desired, const docker::Container& c) {
  if (!IsOwned(c.labels) || c.status != docker::ContainerStatus::kRunning) return false;
  const size_t i = StartOrder(desired, c);
  const std::string network = i < desired.containers.size() ? desired.containers[i].network : "";
  return !network.empty() && c.network_mode == network && !c.networks.contains(network);
}

Plan PlanNetwork(const desired::Host& desired, const ObservedState& now) {
  Plan plan;
  const desired::Network& want = *desired.network;
  const docker::Network* have = NetworkToUse(want.config.name, now);
  if (have == nullptr) {
    Make(desired, now, plan);
    return plan;
  }
  RemoveEmptyDuplicates(*have, now, plan);
  const bool owned = IsOwned(have->config.labels);
  if (!owned) UseAsItIs(want, *have, plan);
  if (!owned || HashOf(*have) == want.spec_hash) {
    Remember(want.config.name, {}, now, plan);
  } else if (IsGivenUp(want, now)) {
    NoteGivenUp(want, now, plan);
  } else if (const std::vector<std::string> foreign = ForeignMembers(*have, now); !foreign.empty()) {
    plan.conflicts.push_back({NetworkKey(want.config.name),
                              absl::StrCat("the settings of network ", want.config.name, " changed, but ",
                                           absl::StrJoin(foreign, ", "),
                                           " is attached and not managed by spacelet: disconnect it first")});
  } else {
    Replace(desired, *have, now, plan);
  }
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
      Remember(name, {}, now, plan);
      plan.steps.push_back({RemoveNetwork{n.id, name}, object, "no longer in the document", {}});
    }
  }
  return plan;
}

}  // namespace spacelet::plan

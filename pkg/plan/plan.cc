#include "pkg/plan/plan.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/container.h"
#include "pkg/plan/network.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/partition.h"

namespace spacelet::plan {
namespace {

template <typename T>
void MoveInto(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void Append(Plan& plan, Plan part) {
  MoveInto(plan.steps, part.steps);
  MoveInto(plan.waiting, part.waiting);
  MoveInto(plan.conflicts, part.conflicts);
  MoveInto(plan.notices, part.notices);
  plan.rolling.merge(part.rolling);
  plan.histories.merge(part.histories);
  plan.networks.merge(part.networks);
  plan.goes_back = plan.goes_back || part.goes_back;
  plan.look_again = std::min(plan.look_again, part.look_again);
}

// null: a network, or what is no longer in the document.
const desired::Container* FindDesired(absl::string_view key, const desired::Host& desired) {
  return absl::ConsumePrefix(&key, "container/") ? desired.Find(std::string(key)) : nullptr;
}

void AddOnce(std::vector<std::string>& keys, std::string key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

}  // namespace

bool Plan::in_sync() const {
  return steps.empty() && waiting.empty() && conflicts.empty() &&
         std::none_of(notices.begin(), notices.end(), [](const Notice& n) { return n.blocks; });
}

bool Plan::is_scheduled() const {
  const auto for_time = [](const Waiting& w) {
    return w.reason == api::reason::kWaitingForWindow || w.reason == api::reason::kWaitingForSplay;
  };
  return !waiting.empty() && conflicts.empty() && std::all_of(waiting.begin(), waiting.end(), for_time) &&
         std::all_of(steps.begin(), steps.end(), [](const Step& s) { return s.waits; }) &&
         std::none_of(notices.begin(), notices.end(), [](const Notice& n) { return n.blocks; });
}

std::string NetworkKey(const std::string& name) { return absl::StrCat("network/", name); }
std::string ContainerKey(const std::string& name) { return absl::StrCat("container/", name); }

std::vector<std::string> Keys(const desired::Host& desired, const ObservedState& observed) {
  std::vector<std::string> keys;
  if (desired.network) keys.push_back(NetworkKey(desired.network->config.name));
  for (const desired::Container& c : desired.containers) keys.push_back(ContainerKey(c.name));
  std::set<std::string> components;
  for (const desired::Container& c : desired.containers) components.insert(c.component);
  for (const docker::Container& c : observed.containers)
    if (IsOwned(c.labels) && (!components.contains(ComponentOf(c.labels)) || IsDeadAside(c)))
      AddOnce(keys, ContainerKey(BaseName(c.name)));
  for (const docker::Network& n : observed.networks)
    if (IsOwned(n.config.labels)) AddOnce(keys, NetworkKey(n.config.name));
  return keys;
}

Plan ComputeFor(const std::string& key, const desired::Host& desired, const ObservedState& observed) {
  absl::string_view name = key;
  if (absl::ConsumePrefix(&name, "network/")) {
    const bool wanted = desired.network && desired.network->config.name == name;
    return wanted ? PlanNetwork(desired, observed) : PlanNetworkRemoval(std::string(name), observed);
  }
  absl::ConsumePrefix(&name, "container/");
  const desired::Container* want = FindDesired(key, desired);
  return want ? PlanContainer(desired, *want, observed)
              : PlanContainerRemoval(std::string(name), desired, observed);
}

Plan Compute(const desired::Host& desired, const ObservedState& observed) {
  Plan plan;
  const Partition partition(desired, observed);
  for (const std::string& key : Keys(desired, observed)) {
    ObservedState part = partition.For(key);
    if (const desired::Container* want = FindDesired(key, desired))
      for (const std::string& dependency : want->depends_on)
        if (plan.rolling.contains(dependency)) part.facts.rolling.insert(dependency);
    Append(plan, ComputeFor(key, desired, part));
  }
  return plan;
}

Plan ComputeDown(const desired::Host& desired, const ObservedState& observed) {
  // With nothing desired every owned object is one to remove; who depends on others goes first.
  std::vector<const docker::Container*> owned;
  for (const docker::Container& c : observed.containers)
    if (IsOwned(c.labels)) owned.push_back(&c);
  auto start_order = [&](const docker::Container& c) {
    for (size_t i = 0; i < desired.containers.size(); ++i)
      if (desired.containers[i].component == ComponentOf(c.labels)) return i;
    return desired.containers.size();
  };
  std::stable_sort(owned.begin(), owned.end(),
                   [&](const auto* a, const auto* b) { return start_order(*a) > start_order(*b); });
  // What Docker has failed to remove once it may fail to remove again: nothing comes after that.
  const auto dead = std::stable_partition(owned.begin(), owned.end(), [](const docker::Container* c) {
    return c->status != docker::ContainerStatus::kDead;
  });
  const auto remove = [](const docker::Container* c, Plan& plan) {
    AppendRemoval(*c, "down", ContainerKey(BaseName(c->name)), plan);
  };
  Plan plan;
  for (auto c = owned.begin(); c != dead; ++c) remove(*c, plan);
  // Members that are ours are gone by then; foreign ones keep the network.
  ObservedState after = observed;
  for (docker::Network& n : after.networks)
    std::erase_if(n.members, [&](const docker::NetworkMember& m) {
      return std::any_of(owned.begin(), owned.end(), [&](const auto* c) { return c->id == m.container_id; });
    });
  after.containers.clear();
  std::vector<std::string> networks;
  for (const docker::Network& n : after.networks)
    if (IsOwned(n.config.labels)) AddOnce(networks, n.config.name);
  for (const std::string& name : networks) Append(plan, PlanNetworkRemoval(name, after));
  for (auto c = dead; c != owned.end(); ++c) remove(*c, plan);
  return plan;
}

}  // namespace spacelet::plan

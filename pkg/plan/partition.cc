#include "pkg/plan/partition.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {
namespace {

template <typename Map, typename Key>
void CopyOne(const Map& from, const Key& key, Map& to) {
  if (const auto it = from.find(key); it != from.end()) to.insert(*it);
}

// The entries of "<owner>/…".
template <typename Map>
void CopyOf(const std::string& owner, const Map& from, Map& to) {
  const std::string prefix = absl::StrCat(owner, "/");
  for (auto it = from.lower_bound(prefix); it != from.end() && absl::StartsWith(it->first, prefix); ++it)
    to.insert(*it);
}

void CopyFactsOf(const docker::Container& c, const Facts& from, Facts& to) {
  CopyOne(from.probes, c.id, to.probes);
  CopyOne(from.drains, c.id, to.drains);
  CopyOne(from.limits_set, c.id, to.limits_set);
  CopyOf(c.id, from.files_match, to.files_match);
}

void CopyFactsOf(const std::string& name, const Facts& from, Facts& to) {
  CopyOne(from.ready, name, to.ready);
  CopyOne(from.rollouts, name, to.rollouts);
  CopyOne(from.secret_digests, name, to.secret_digests);
  CopyOne(from.rolling, name, to.rolling);
  CopyOne(from.waited_out, name, to.waited_out);
  CopyOne(from.removal_pending, name, to.removal_pending);
  CopyOf(name, from.secret_env, to.secret_env);
  CopyOf(name, from.secret_files, to.secret_files);
}

void CopyFactsOf(const desired::Container& want, const Facts& from, Facts& to) {
  for (const std::string& dependency : want.depends_on) {
    CopyOne(from.ready, dependency, to.ready);
    CopyOne(from.rolling, dependency, to.rolling);
  }
  CopyOne(from.pulls_backing_off, want.image(), to.pulls_backing_off);
  CopyOne(from.registries_away, want.image(), to.registries_away);
  CopyOne(from.remote_digests, want.image(), to.remote_digests);
  CopyOne(from.bytes_needed, want.image(), to.bytes_needed);
  if (want.image_archive) CopyOne(from.bytes_needed, *want.image_archive, to.bytes_needed);
  for (const desired::Directory& d : want.directories)
    CopyOne(from.directories_present, d.path, to.directories_present);
  if (want.pool) {
    to.pool_files_present = from.pool_files_present;
    to.pool_files_found = from.pool_files_found;
  }
  if (want.state_file) to.state_files = from.state_files;
}

// Then its plan looks at who is on it, and whether he is ours.
bool MayBeReplaced(const desired::Host& desired, const docker::Network& network) {
  const auto hash = network.config.labels.find(api::kLabelSpecHash);
  const bool as_desired =
      desired.network && hash != network.config.labels.end() && hash->second == desired.network->spec_hash;
  return IsOwned(network.config.labels) && !as_desired;
}

// Otherwise only whether there are any matters, and there may be as many as there are looks.
docker::Network WithOneMember(const docker::Network& network) {
  docker::Network out{network.id, network.config, {}};
  if (!network.members.empty()) out.members.push_back(network.members.front());
  return out;
}

}  // namespace

Partition::Partition(const desired::Host& desired, const ObservedState& whole)
    : desired_(desired), whole_(whole) {
  for (const docker::Container& c : whole.containers) {
    by_base_name_.emplace(BaseName(c.name), &c);
    by_id_.emplace(c.id, &c);
    if (IsOwned(c.labels)) by_component_.emplace(ComponentOf(c.labels), &c);
  }
  for (const Rival& rival : whole.rivals) rivals_.emplace(rival.object, &rival);
  for (const docker::Network& network : whole.networks) {
    const bool may_be_replaced = MayBeReplaced(desired, network);
    members_matter_ = members_matter_ || may_be_replaced;
    networks_.push_back(may_be_replaced ? network : WithOneMember(network));
  }
}

ObservedState Partition::For(const std::string& key) const {
  absl::string_view name = key;
  if (!absl::ConsumePrefix(&name, "container/")) return whole_;
  return ForContainer(std::string(name));
}

ObservedState Partition::ForContainer(const std::string& name) const {
  const desired::Container* want = desired_.Find(name);
  ObservedState part;
  part.networks = networks_;
  if (members_matter_) part.owned = whole_.owned;
  part.self = whole_.self;
  part.taken_at = whole_.taken_at;
  part.begun = whole_.begun;
  part.facts.host_cpus = whole_.facts.host_cpus;
  part.facts.image_disk = whole_.facts.image_disk;
  part.facts.networks = whole_.facts.networks;
  const auto [first, last] = rivals_.equal_range(ContainerKey(name));
  for (auto it = first; it != last; ++it) part.rivals.push_back(*it->second);
  for (const docker::Container* c : ContainersOf(name, want)) {
    part.containers.push_back(*c);
    CopyFactsOf(*c, whole_.facts, part.facts);
  }
  CopyFactsOf(name, whole_.facts, part.facts);
  if (want == nullptr) return part;
  CopyOne(whole_.images, want->image(), part.images);
  CopyFactsOf(*want, whole_.facts, part.facts);
  return part;
}

// In the order of the whole.
std::vector<const docker::Container*> Partition::ContainersOf(const std::string& name,
                                                              const desired::Container* want) const {
  std::set<const docker::Container*> found;
  const auto add = [&](const auto& index, const std::string& key) {
    const auto [first, last] = index.equal_range(key);
    for (auto it = first; it != last; ++it) found.insert(it->second);
  };
  add(by_base_name_, name);
  if (want != nullptr) add(by_component_, want->component);
  const auto [first, last] = rivals_.equal_range(ContainerKey(name));
  for (auto it = first; it != last; ++it) add(by_id_, it->second->container.id);
  return {found.begin(), found.end()};  // they lie in one vector
}

}  // namespace spacelet::plan

#include "pkg/controller/targets.h"

#include "pkg/api/labels.h"
#include "pkg/plan/ownership.h"

namespace spacelet::controller {
namespace {

// Where the host reaches the container.
std::string AddressOf(const desired::Container& want, const docker::Container& live) {
  if (want.network.empty()) return "127.0.0.1";
  auto attachment = live.networks.find(want.network);
  return attachment == live.networks.end() ? "" : attachment->second.ip;
}

}  // namespace

probe::Target TargetOf(const desired::Container& want, const docker::Container& live) {
  auto hash = live.labels.find(api::kLabelSpecHash);
  return {.id = live.id,
          .ip = AddressOf(want, live),
          .started_at = live.started_at,
          .startup = want.startup,
          .readiness = want.readiness,
          .liveness = want.liveness,
          .outdated = hash == live.labels.end() || hash->second != want.spec_hash};
}

std::vector<probe::Target> TargetsOf(const desired::Container& want, const plan::ObservedState& observed) {
  const plan::Parts parts = plan::PartsOf(want, observed);
  std::vector<const docker::Container*> in_order = {parts.current};
  in_order.insert(in_order.end(), parts.strays.begin(), parts.strays.end());
  in_order.insert(in_order.end(), {parts.previous, parts.next});
  std::vector<probe::Target> targets;
  for (const docker::Container* part : in_order) {
    if (part == nullptr || part->status != docker::ContainerStatus::kRunning) continue;
    targets.push_back(TargetOf(want, *part));
    targets.back().seen_at = observed.begun;
    if (want.drain && part == parts.current && parts.next != nullptr)
      targets.back().drain = {want.drain->port, want.drain->path, want.drain->name};
  }
  return targets;
}

}  // namespace spacelet::controller

#include "pkg/controller/target.h"

#include <string>

#include "pkg/api/labels.h"

namespace spacelet::controller {
namespace {

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

}  // namespace spacelet::controller

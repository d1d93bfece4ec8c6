// Which foreign containers stand in the way of ours (SPEC 3). Pure: the list and the inspects were made
// before.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"
#include "pkg/plan/observed.h"

namespace spacelet::observe {

// Whether a foreign container has to be inspected: it is on our network, or its image looks like a runner, a
// delegate, or something that changes containers behind our back. (The list shows neither hostname nor
// environment.)
bool IsSuspect(const desired::Host& desired, const docker::ContainerSummary& foreign);

// `inspected` holds the suspects by id. Sorted by object, then container name.
std::vector<plan::Rival> FindRivals(const desired::Host& desired,
                                    const std::vector<docker::ContainerSummary>& foreign,
                                    const std::map<std::string, docker::Container>& inspected);

}  // namespace spacelet::observe

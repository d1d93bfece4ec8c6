// Which containers of a workload are probed, and what they are asked.
#pragma once

#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"
#include "pkg/plan/observed.h"
#include "pkg/probe/target.h"

namespace spacelet::controller {

// `live` as the container of `want`, asked with the probes of `want` where the host reaches it.
probe::Target TargetOf(const desired::Container& want, const docker::Container& live);

// Every running part, the one that serves first: while one replaces the other without a gap, both are probed.
// The work of the old one is read once there is a successor that it is to be stopped for.
std::vector<probe::Target> TargetsOf(const desired::Container& want, const plan::ObservedState& observed);

}  // namespace spacelet::controller

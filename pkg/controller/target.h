// What a probe is told of a container.
#pragma once

#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"
#include "pkg/probe/target.h"

namespace spacelet::controller {

// `live` as the container of `want`, asked with the probes of `want` where the host reaches it.
probe::Target TargetOf(const desired::Container& want, const docker::Container& live);

}  // namespace spacelet::controller

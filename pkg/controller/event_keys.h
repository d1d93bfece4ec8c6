// Docker event → the objects that should be looked at because of it. Events are hints: nothing else in them
// is used.
#pragma once

#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"

namespace spacelet::controller {

// The keys, without repetition; none for what concerns nothing of ours (exec, attach, a foreign container). A
// container is known by its name (without .next or .previous), by its former name, or by our labels; a
// network by its name, and whatever happens to it concerns the workloads on it too.
std::vector<std::string> KeysFor(const docker::Event& event, const desired::Host& host);

// The daemon's list and names lag behind these by up to 130 ms [measured on dockerd 20.10]: look once more
// then.
bool ListLagsBehind(const docker::Event& event);

// The runner was killed instead of ending by itself: its VMs may be orphaned (exit code 128 + SIGKILL).
bool IsUncleanRunnerStop(const docker::Event& event, const desired::Host& host);

}  // namespace spacelet::controller

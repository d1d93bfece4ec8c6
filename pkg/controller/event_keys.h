// Docker event → the objects that should be looked at because of it. Events are hints: nothing else in them
// is used.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"

namespace spacelet::controller {

// The key of the object that was last seen to have this container's id; empty: nobody's.
using KeyOfId = std::function<std::string(const std::string& container_id)>;

// The keys, without repetition; none for what concerns nothing of ours (exec, attach, a foreign container). A
// container is known by its name (without .next or .previous), by its former name, or by our labels; a
// network by its name, and what happens to it concerns the workloads on it too: all of them, or the one that
// was connected or disconnected, so that the start of one of n containers is not a look at n.
std::vector<std::string> KeysFor(const docker::Event& event, const desired::Host& host,
                                 const KeyOfId& key_of_id);

// The daemon's list and names lag behind these by up to 130 ms [measured on dockerd 20.10]: look once more
// then.
bool ListLagsBehind(const docker::Event& event);

// The runner was killed instead of ending by itself: its VMs may be orphaned (exit code 128 + SIGKILL).
bool IsUncleanRunnerStop(const docker::Event& event, const desired::Host& host);

}  // namespace spacelet::controller

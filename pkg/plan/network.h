// The plan of the network. Docker can neither change a network's settings, nor rename it, nor hold two of one
// name, so a change takes its members off, makes it anew under its name and puts them back: containers keep
// their ids. What Docker then refuses to make is given up, and the settings that were there before come back;
// Plan::networks keeps them from before the first step on.
#pragma once

#include <string>

#include "pkg/plan/plan.h"

namespace spacelet::plan {

// Its settings differ from the document and nothing foreign keeps it: its key takes it down and makes it
// anew.
bool IsBeingReplaced(const desired::Host& desired, const docker::Network& network, const ObservedState& now);

// A container of ours that runs without the network it belongs on. Where that network has to be made first,
// the network's key connects all of them in start order.
bool JoinsWithItsNetwork(const desired::Host& desired, const docker::Container& container);

Plan PlanNetwork(const desired::Host& desired, const ObservedState& now);

// An owned network that the document no longer names.
Plan PlanNetworkRemoval(const std::string& name, const ObservedState& now);

}  // namespace spacelet::plan

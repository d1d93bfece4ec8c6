// The plan of one workload: its existence, its state, and its replacement as a function of what is there now.
#pragma once

#include <string>

#include "pkg/plan/plan.h"

namespace spacelet::plan {

// How long its stop may take before Docker kills it.
absl::Duration StopGrace(const docker::Container& c);
// Running, paused, or between two restarts of Docker's.
bool IsRunning(const docker::Container& c);
// SPEC 1, restartPolicy: an end that is meant to be one.
bool IsCompleted(const desired::Container& want, const docker::Container& c);

// Whether it could be started again; one that Docker is removing could not.
bool CanComeBack(const docker::Container& c);

Plan PlanContainer(const desired::Host& desired, const desired::Container& want, const ObservedState& now);

// An owned workload that the document no longer names: a graceful stop, then removal, once the prune delay is
// over. A container of a desired component under another name is that workload, renamed, and never a dropped
// one.
Plan PlanContainerRemoval(const std::string& name, const desired::Host& desired, const ObservedState& now);

// Steps that stop (gracefully, when it runs) and remove one container.
void AppendRemoval(const docker::Container& container, const std::string& cause, const std::string& object,
                   Plan& plan);

}  // namespace spacelet::plan

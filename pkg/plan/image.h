// What a workload's image needs: it is there before a create, and it follows a tag that moves. Pure.
#pragma once

#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {

// A part of one workload's plan.
struct ImagePlan {
  std::vector<Step> steps;
  std::vector<Waiting> waiting;  // for the next try; its step waits as well
  std::vector<Notice> notices;   // one that blocks: no container can be made
  bool blocked() const;
};

// The image that the workload's reference means on this host; null when it is not here, or one of another
// platform.
const docker::Image* LocalImage(const desired::Container& want, const ObservedState& now);

// What comes before a create, by the workload's pull policy. `cause`: why something is created.
ImagePlan PrepareImage(const desired::Container& want, const ObservedState& now, const std::string& cause);

// What is due for the image of a container that is as desired.
ImagePlan KeepImage(const desired::Container& want, const ObservedState& now);

}  // namespace spacelet::plan

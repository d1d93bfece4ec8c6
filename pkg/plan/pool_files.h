// Pool files are content-addressed, so each change of the pool leaves one behind.
#pragma once

#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {

// Removes those that neither the document wants nor any container of the workload was started with. Requires:
// nothing is under way; what is put aside needs its own file to come back.
std::vector<Step> RemoveOldPoolFiles(const desired::Container& want, const ObservedState& now);

}  // namespace spacelet::plan

// The order in which containers start.
#pragma once

#include <vector>

#include "pkg/desired/desired.h"

namespace spacelet::desired {

// Dependencies first, else as given. Dependencies that are not there count as met; what a cycle holds up (the
// document's validation refuses cycles) keeps its given order at the end.
std::vector<Container> InStartOrder(std::vector<Container> containers);

}  // namespace spacelet::desired

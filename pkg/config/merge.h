// One tree out of two: a document and an overlay.
#pragma once

#include "pkg/config/report.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {

// `overlay` laid over `base`. Maps are merged key by key, everything else takes the other's place, `null`
// removes the key; spec.containers is merged by `name`, the one exception (`$patch: delete` in an item
// removes the container). Where a map meets something else the base stays and `report` gets an error with
// both places; values of `env` and `ulimits`, which may be either, are replaced. Every node keeps its place.
// Pure and total; linear in the size of both trees, but for the sorting of keys. Requires: both are maps.
yaml::Node Merge(yaml::Node base, const yaml::Node& overlay, Report& report);

}  // namespace spacelet::config

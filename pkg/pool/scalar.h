// What a scalar of the pool means to the runner, which reads YAML 1.1: `yes` is a boolean and 1.10 a number
// there.
#pragma once

#include "absl/strings/string_view.h"
#include "pkg/yaml/tree.h"

namespace spacelet::pool {

enum class Scalar { kNull, kBool, kInt, kNumber, kText };

// Requires: node is null or a scalar.
Scalar Resolve(const yaml::Node& node);

// Requires: Resolve(node) == kBool.
bool IsTrue(const yaml::Node& node);

}  // namespace spacelet::pool

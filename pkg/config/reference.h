// The fields of the document as tables, from the grammar; docs/configuration.md is checked against it.
#pragma once

#include <vector>

#include "pkg/config/codec.h"

namespace spacelet::config {

// Every record with its own fields, by name. Fields that a record shares with all workloads stand in
// "workload" only.
std::vector<Definition> Reference();

}  // namespace spacelet::config

// One spelling for every pool that means the same.
#pragma once

#include <string>

#include "pkg/yaml/tree.h"

namespace spacelet::pool {

// Indented JSON with keys in byte order, ended by a line feed; the root's `timestamp` is left out. Its bytes
// are what the runner reads and what the pool's hash is of: frozen (docs/adr/0002). Requires: root is a map.
std::string Canonical(const yaml::Node& root);

}  // namespace spacelet::pool

// A loaded document spelled out: merged, with the facts of the host and every default in it.
#pragma once

#include <map>
#include <string>

#include "pkg/config/load.h"

namespace spacelet::config {

// YAML that Load reads as the same document, but for `value:` of secrets, which are ***. Behind each value a
// comment says where it comes from: "base.yaml:12", "hosts/west.yaml:3 with ${host.zone} of the metadata
// service", "runner profile" or "default". Files are called as seen from the document's directory.
// The readiness probe of the runner's profile, which takes a 404 for ready, cannot be written and is left
// out. `fact_origins`: "zone" → "the metadata service". Requires: loaded.ok().
std::string RenderYaml(const Loaded& loaded, const std::map<std::string, std::string>& fact_origins);

// The same document as JSON, without comments, indented.
std::string RenderJson(const Loaded& loaded);

}  // namespace spacelet::config

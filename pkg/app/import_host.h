// What `import` does: a look at the containers of a host that others started.
#pragma once

#include <stop_token>

#include "absl/status/statusor.h"
#include "pkg/app/options.h"
#include "pkg/importer/importer.h"

namespace spacelet::app {

struct ImportOptions {
  DockerOptions docker;
  std::string host_name;  // metadata.name; empty: this machine's name
  importer::Options what;
};

// Changes nothing. Errors: of the daemon, as they come; NotFound a container that was asked for by name.
absl::StatusOr<importer::Imported> ImportHost(const ImportOptions& options, const std::stop_token& stop);

}  // namespace spacelet::app

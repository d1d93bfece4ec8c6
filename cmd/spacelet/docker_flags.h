// The flags that say which daemon, for every command that asks one.
#pragma once

#include <CLI/CLI.hpp>

#include "pkg/app/options.h"

namespace spacelet::cmd {

// Adds --docker-host and --docker-config; the latter's default is docker's own.
void AddDockerOptions(CLI::App& app, app::DockerOptions& options);

}  // namespace spacelet::cmd

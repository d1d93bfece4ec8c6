// The flags that say what documents may say of the host.
#pragma once

#include <CLI/CLI.hpp>

#include "pkg/app/options.h"

namespace spacelet::cmd {

// Adds --host-name and --host-fact.
void AddHostOptions(CLI::App& app, app::HostOptions& options);

}  // namespace spacelet::cmd

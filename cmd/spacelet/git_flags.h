// The flags of a document in Git.
#pragma once

#include <CLI/CLI.hpp>

#include "pkg/app/options.h"

namespace spacelet::cmd {

// Adds --git-interval, --git-token-file, …
void AddGitOptions(CLI::App& app, app::GitFlags& flags);

}  // namespace spacelet::cmd

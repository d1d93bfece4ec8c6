// From words to a command: help, did-you-mean, and exit 2 for what cannot be understood.
#pragma once

#include <vector>

#include "cmd/spacelet/command.h"

namespace spacelet::cmd {

// Returns the exit code of the command that was run, 0 after help, 2 after an error of usage (said on
// stderr).
int ParseAndRun(CLI::App& root, const std::vector<Command>& commands, int argc, const char* const* argv);

// In the order of help; without those that are hidden from it.
std::vector<const CLI::App*> VisibleCommands(const CLI::App& app);

// The option names of a command as a person types them, "--config" and "-f".
std::vector<std::string> FlagsOf(const CLI::App& app);

}  // namespace spacelet::cmd

// --policy of the one-shot commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cmd/spacelet/document.h"

namespace spacelet::cmd {

// Adds --policy.
void AddPolicyOption(CLI::App& app, std::string& path);

// Checks a document that is valid by the policy in `path`, and shows what it has against it. Returns the exit
// code: good (also without a policy), not so (the policy cannot be used), or invalid document. `is_enforced`:
// the file must be root's, since it guards this host.
int CheckPolicy(const LoadedDocument& document, const std::string& path, bool is_enforced);

}  // namespace spacelet::cmd

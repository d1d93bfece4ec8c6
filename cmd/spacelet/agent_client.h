// Asks a running agent over HTTP; for `status` and `events`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pkg/app/agent_port.h"

namespace spacelet::cmd {

// Adds --address, --ca-file, --cert-file, --key-file, --user and --password-file, and their variables.
void AddAddressOptions(CLI::App& app, app::AgentAddress& address);

// Calls `on_line` for each line, without its newline, until the agent ends the stream or `on_line` returns
// false. Errors say which address was tried and what to do.
absl::Status FollowAgent(const app::AgentAddress& address, const std::string& target,
                         const std::function<bool(absl::string_view line)>& on_line);

// Says what went wrong and returns the exit code: 2 when the flags cannot be understood, else 69.
int FailAgent(const absl::Status& status);

}  // namespace spacelet::cmd

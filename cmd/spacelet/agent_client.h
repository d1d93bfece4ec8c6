// Asks a running agent over HTTP; for `status` and `events`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::cmd {

inline constexpr char kDefaultAddress[] = "127.0.0.1:9746";

// Adds --address.
void AddAddressOption(CLI::App& app, std::string& address);

// The body of a 200. Errors say which address was tried and what to do.
absl::StatusOr<std::string> AskAgent(const std::string& address, const std::string& target);
// Calls `on_line` for each line, without its newline, until the agent ends the stream or `on_line` returns
// false.
absl::Status FollowAgent(const std::string& address, const std::string& target,
                         const std::function<bool(absl::string_view line)>& on_line);

}  // namespace spacelet::cmd

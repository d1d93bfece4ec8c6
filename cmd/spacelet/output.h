// How a command talks: data on stdout as text, JSON or YAML; complaints on stderr as "spacelet: …".
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::cmd {

enum class Format { kText, kJson, kYaml };

// Adds -o, --output.
void AddOutputOption(CLI::App& app, Format& format);
// Adds a duration flag ("90s", "5m"); `least` is inclusive. The default is what `value` holds.
void AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value, absl::Duration least,
                       const std::string& description);

// On stderr.
void Complain(absl::string_view message);
// Says it and returns `exit_code`.
int Fail(const absl::Status& status, int exit_code);
// For what Docker answered: 69 when it does not answer, may not be asked or speaks no version of ours,
// else 1.
int FailDocker(const absl::Status& status);

// "1 step", "2 steps".
std::string Counted(size_t count, absl::string_view noun);

bool StdoutIsTerminal();
bool StderrIsTerminal();
// A terminal, and neither NO_COLOR nor TERM=dumb.
bool StdoutHasColor();
bool StderrHasColor();

}  // namespace spacelet::cmd

// The document of a one-shot command: a file or stdin, loaded, and its diagnostics shown to a person.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/app/options.h"
#include "pkg/config/load.h"
#include "pkg/secret/secret.h"
#include "pkg/source/store.h"

namespace spacelet::cmd {

// Adds -f, --filename, required.
void AddFileOption(CLI::App& app, std::string& path);

// Adds --strict-permissions.
CLI::Option* AddStrictOption(CLI::App& app, secret::Permissions& permissions);

// `path` "-" is stdin, beside which there are no files. Errors: as base::ReadFile; InvalidArgument a place in
// Git, which only the agent reads.
absl::StatusOr<source::Version> ReadDocument(const std::string& path);

// InvalidArgument when `path` is a place in Git, with what to do instead.
absl::Status RefuseGit(const std::string& path);

// On stderr, one line each; on a terminal with the line of the file and a caret under the place. `texts`: of
// each file, by its name in the diagnostics.
void ShowDiagnostics(const std::vector<config::Diagnostic>& diagnostics,
                     const std::map<std::string, std::string>& texts);

// Reads, loads and shows warnings and errors. Without a document the exit code is 78.
struct LoadedDocument {
  source::Version version;
  config::Loaded loaded;
  bool ok() const { return loaded.ok(); }
};
// `directory`: where it is to lie on another machine; empty: it lies where it is.
LoadedDocument LoadForCommand(const std::string& path, const app::HostOptions& host,
                              const std::string& directory = "");

}  // namespace spacelet::cmd

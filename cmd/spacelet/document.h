// The document of a one-shot command: a file or stdin, loaded, and its diagnostics shown to a person.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/config/load.h"
#include "pkg/secret/secret.h"

namespace spacelet::cmd {

struct DocumentText {
  std::string name;  // as shown in diagnostics: the path, or "<stdin>"
  std::string bytes;
};

// Adds -f, --filename, required.
void AddFileOption(CLI::App& app, std::string& path);

// Adds --strict-permissions.
CLI::Option* AddStrictOption(CLI::App& app, secret::Permissions& permissions);

// `path` "-" is stdin. Errors: as base::ReadFile; InvalidArgument a place in Git, which only the agent reads.
absl::StatusOr<DocumentText> ReadDocument(const std::string& path);

// InvalidArgument when `path` is a place in Git, with what to do instead.
absl::Status RefuseGit(const std::string& path);

// On stderr, one line each; on a terminal with the line of the document and a caret under the place.
void ShowDiagnostics(const std::vector<config::Diagnostic>& diagnostics, const std::string& bytes);

// Reads, loads and shows warnings and errors. Without a document the exit code is 78.
struct LoadedDocument {
  DocumentText text;
  config::Loaded loaded;
  bool ok() const { return loaded.ok(); }
};
LoadedDocument LoadForCommand(const std::string& path);

}  // namespace spacelet::cmd

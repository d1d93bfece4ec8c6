// What `plan` and `explain` have in common: a document, and the host as it is.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "cmd/spacelet/document.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/one_shot.h"

namespace spacelet::cmd {

struct ViewFlags {
  std::string path, policy;
  app::LookOptions look;
  Format format = Format::kText;
};
// Adds -f, -o, --policy, --strict-permissions and the flags that say which host and which daemon.
void AddViewOptions(CLI::App& app, ViewFlags& flags);

struct HostView {
  LoadedDocument document;
  std::optional<app::Look> look;
  int exit_code = 0;  // of the command, without a look
};
// Loads the document and looks at the host. What is wrong, warnings too, is said on stderr.
HostView ViewHost(const ViewFlags& flags);

}  // namespace spacelet::cmd

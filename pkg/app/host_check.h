// A document together with the files that it names on this machine: what `validate` says.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/config/diagnostic.h"

namespace spacelet::app {

struct Checked {
  bool valid = false;
  std::vector<config::Diagnostic> diagnostics;  // errors and warnings, in file order
};

// Loads `bytes`, looks whether the files that it names are there, and lints the runner's pool. `is_host`:
// this machine is the one the document is for, so an absent file is an error and not a warning. Asks neither
// Docker nor a secret command.
Checked CheckDocument(absl::string_view bytes, absl::string_view file_name, bool is_host);

}  // namespace spacelet::app

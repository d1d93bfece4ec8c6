// A document together with the files that it names on this machine: what `validate` says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pkg/config/diagnostic.h"
#include "pkg/secret/secret.h"
#include "pkg/source/store.h"

namespace spacelet::app {

struct Checked {
  bool valid = false;
  std::vector<config::Diagnostic> diagnostics;  // errors and warnings, in file order
  std::map<std::string, std::string> texts;     // of each file, as diagnostics call it
};

struct CheckOptions {
  // This machine is the one the document is for: an absent file is an error and not a warning, and a secret's
  // file that others may read is a warning.
  bool is_host = false;
  secret::Permissions secret_permissions = secret::Permissions::kWarn;  // kStrict: an error
};

// Loads the document, looks whether the files that it names are there, and lints the runner's pool. Asks
// neither Docker nor a secret command.
Checked CheckDocument(const source::Version& version, const config::AskFact& fact,
                      const CheckOptions& options);

}  // namespace spacelet::app

// A document out of hand-started containers: what `spacelet import` prints. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/config/diagnostic.h"
#include "pkg/docker/recipe.h"
#include "pkg/docker/types.h"

namespace spacelet::importer {

struct Host {
  std::string name;                             // becomes metadata.name, as far as it can
  std::vector<docker::Recipe> containers;       // of which those that spacelet made are passed over
  std::vector<docker::NetworkConfig> networks;  // those that they are on
  absl::Time now;                               // ages the delegate's tag
};

struct Options {
  std::vector<std::string> only;  // container names; empty: runner, delegate and who shares their network
  bool takeover = false;          // writes `takeover: true` into every workload
};

struct Imported {
  // YAML with comments for people, which say what the document cannot express and how to save each secret. No
  // value of a secret is in it. Empty: there is nothing to import.
  std::string document;
  std::vector<std::string> passed_over;  // one sentence for each container that is not in it
  std::vector<config::Diagnostic>
      diagnostics;  // what the document's own check says; errors: it is not complete
};

Imported Import(const Host& host, const Options& options);

}  // namespace spacelet::importer

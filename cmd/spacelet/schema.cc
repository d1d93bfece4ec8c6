#include <iostream>

#include "cmd/spacelet/command.h"
#include "pkg/app/options.h"
#include "pkg/config/load.h"

namespace spacelet::cmd {

Command AddSchema(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("schema", "Prints the JSON Schema (draft-07) of the document, for editors");
  app->footer(
      "Examples:\n"
      "  spacelet schema > gitspacehost.v1alpha1.json");
  return {app, [] {
            std::cout << config::JsonSchema();
            return int{app::kGood};
          }};
}

}  // namespace spacelet::cmd

#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "pkg/app/options.h"
#include "pkg/config/load.h"
#include "pkg/policy/load.h"

namespace spacelet::cmd {

Command AddSchema(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("schema", "Prints the JSON Schema (draft-07) of the document, for editors");
  auto of_policy = std::make_shared<bool>(false);
  app->add_flag("--policy", *of_policy, "that of the policy instead (kind HostPolicy)");
  app->footer(
      "Examples:\n"
      "  spacelet schema > gitspacehost.v1alpha1.json\n"
      "  spacelet schema --policy > hostpolicy.v1alpha1.json");
  return {app, [of_policy] {
            std::cout << (*of_policy ? policy::JsonSchema() : config::JsonSchema());
            return int{app::kGood};
          }};
}

}  // namespace spacelet::cmd

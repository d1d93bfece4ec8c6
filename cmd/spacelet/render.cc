#include "pkg/config/render.h"

#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  app::HostOptions host;
  bool json = false;
};

int Run(const Flags& flags) {
  const LoadedDocument document = LoadForCommand(flags.path, flags.host);
  if (!document.ok()) return app::kInvalidDocument;
  std::cout << (flags.json ? config::RenderJson(document.loaded)
                           : config::RenderYaml(document.loaded, app::HostFacts(flags.host).Origins()))
            << std::flush;
  return app::kGood;
}

}  // namespace

Command AddRender(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "render",
      "Prints the document that counts: overlays merged, facts of the host and defaults filled in; in YAML "
      "each value with where it comes from");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddHostOptions(*app, flags->host);
  app->add_option_function<std::string>(
         "-o,--output",
         [flags](const std::string& name) {
           if (name != "yaml" && name != "json")
             throw CLI::ValidationError("--output", "expected yaml or json, not " + name);
           flags->json = name == "json";
         },
         "yaml or json (default yaml)")
      ->type_name("FORMAT");
  app->footer(
      "What it prints is a document without overlays that means the same; secrets in the document are ***.\n"
      "Exit code: 0 printed, 78 the document is not valid.\n\n"
      "Examples:\n"
      "  spacelet render -f fleet/base.yaml --host-name gitspaces-a\n"
      "  spacelet render -f host.yaml -o json | jq .spec.runner");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

#include <algorithm>
#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/import_host.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

int Run(const app::ImportOptions& options) {
  const absl::StatusOr<importer::Imported> imported = app::ImportHost(options, {});
  if (absl::IsNotFound(imported.status())) return Fail(imported.status(), app::kNotSo);
  if (!imported.ok()) return FailDocker(imported.status());
  for (const std::string& sentence : imported->passed_over) Complain(sentence);
  if (imported->document.empty()) {
    Complain("nothing to import: no runner, no delegate, and no container was named");
    return app::kNotSo;
  }
  std::cout << imported->document;
  ShowDiagnostics(imported->diagnostics, {});
  const bool complete =
      std::none_of(imported->diagnostics.begin(), imported->diagnostics.end(),
                   [](const config::Diagnostic& d) { return d.severity == config::Severity::kError; });
  return complete ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddImport(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("import", "Prints a document from containers that were started by hand");
  auto options = std::make_shared<app::ImportOptions>();
  app->add_option("CONTAINER", options->what.only,
                  "only these containers (default: the runner, the delegate and what runs on their network)");
  app->add_option("--name", options->host_name, "metadata.name (default: this machine's name)")
      ->type_name("NAME");
  app->add_flag("--takeover", options->what.takeover, "writes takeover: true into every workload");
  AddDockerOptions(*app, options->docker);
  app->footer(
      "No secret is printed: the document refers to files, and its comments say how to save each of them.\n"
      "Exit code: 0 a document, 1 nothing to import or not a valid one yet, 69 Docker cannot be reached.\n\n"
      "Examples:\n"
      "  sudo spacelet import > host.yaml\n"
      "  sudo spacelet import --name gitspaces-us-west1 > host.yaml\n"
      "  sudo spacelet import vm-runner my-gateway");
  return {app, [options] { return Run(*options); }};
}

}  // namespace spacelet::cmd

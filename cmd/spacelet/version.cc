#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/build_info.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

int Run(Format format) {
  const app::BuildInfo info = app::GetBuildInfo();
  if (format == Format::kText) {
    std::cout << "spacelet " << info.version << " (" << info.revision << ", " << info.compiler << ")\n";
    return app::kGood;
  }
  std::cout << Render(ToJson(info), format);
  return app::kGood;
}

}  // namespace

Command AddVersion(CLI::App& root) {
  CLI::App* app = root.add_subcommand("version", "Prints the version, and with -o json of what it was built");
  auto format = std::make_shared<Format>(Format::kText);
  AddOutputOption(*app, *format);
  app->footer(
      "Examples:\n"
      "  spacelet version\n"
      "  spacelet version -o json");
  return {app, [format] { return Run(*format); }};
}

}  // namespace spacelet::cmd

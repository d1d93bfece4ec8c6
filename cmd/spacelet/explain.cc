#include "pkg/app/explain.h"

#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/host_view.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string object;
  ViewFlags view;
};

int Run(const Flags& flags) {
  const HostView view = ViewHost(flags.view);
  if (!view.look) return view.exit_code;
  const absl::StatusOr<app::Explanation> explanation =
      app::Explain(flags.object, view.document.loaded, view.look->compiled.host, view.look->observed);
  if (!explanation.ok()) return Fail(explanation.status(), app::kUsage);
  if (flags.view.format == Format::kText)
    std::cout << app::ToText(*explanation);
  else
    std::cout << Render(ToJson(*explanation), flags.view.format);
  return explanation->plan.in_sync() ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddExplain(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "explain", "Explains one object field by field: desired, who says so, actual, decision");
  auto flags = std::make_shared<Flags>();
  app->add_option("OBJECT", flags->object, "container/vm-runner, network/harness, runner, delegate or a name")
      ->required();
  AddViewOptions(*app, flags->view);
  app->footer(
      "Exit code: 0 in sync, 1 not, 69 Docker cannot be reached, 78 invalid document.\n\n"
      "Examples:\n"
      "  spacelet explain runner -f /etc/spacelet/host.yaml\n"
      "  spacelet explain network/harness -f host.yaml -o json");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

#include "pkg/app/explain.h"

#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/one_shot.h"
#include "pkg/base/digest.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string object, path;
  app::LookOptions look;
  Format format = Format::kText;
};

int Run(const Flags& flags) {
  const LoadedDocument document = LoadForCommand(flags.path);
  if (!document.ok()) return app::kInvalidDocument;
  const std::string revision = "sha256:" + base::Sha256Hex(document.text.bytes);
  const absl::StatusOr<app::Look> look = app::LookAtHost(*document.loaded.document, revision, flags.look, {});
  if (!look.ok()) return FailDocker(look.status());
  const absl::StatusOr<app::Explanation> explanation =
      app::Explain(flags.object, document.loaded, document.text.name, look->compiled.host, look->observed);
  if (!explanation.ok()) return Fail(explanation.status(), app::kUsage);
  if (flags.format == Format::kText)
    std::cout << app::ToText(*explanation);
  else
    std::cout << Render(ToJson(*explanation), flags.format);
  return explanation->plan.in_sync() ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddExplain(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "explain", "Explains one object field by field: desired, who says so, actual, decision");
  auto flags = std::make_shared<Flags>();
  app->add_option("OBJECT", flags->object, "container/vm-runner, network/harness, runner, delegate or a name")
      ->required();
  AddFileOption(*app, flags->path);
  AddDockerOptions(*app, flags->look.docker);
  AddStrictOption(*app, flags->look.secret_permissions);
  AddOutputOption(*app, flags->format);
  app->footer(
      "Exit code: 0 in sync, 1 not, 69 Docker cannot be reached, 78 invalid document.\n\n"
      "Examples:\n"
      "  spacelet explain runner -f /etc/spacelet/host.yaml\n"
      "  spacelet explain network/harness -f host.yaml -o json");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

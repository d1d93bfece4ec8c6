#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/progress.h"
#include "pkg/app/one_shot.h"
#include "pkg/lifecycle/signals.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  app::ApplyOptions options;
  Format format = Format::kText;
};

int Report(const app::Outcome& outcome, Format format) {
  if (format != Format::kText) std::cout << Render(ToJson(outcome.converged, outcome.missing), format);
  if (format == Format::kText && outcome.converged)
    std::cout << "Converged: everything is in sync and ready.\n";
  if (format == Format::kText && !outcome.converged) {
    std::cout << "Not converged:\n";
    for (const std::string& sentence : outcome.missing) std::cout << "  " << sentence << "\n";
  }
  return outcome.converged ? app::kGood : app::kNotSo;
}

int Run(Flags& flags) {
  const LoadedDocument document = LoadForCommand(flags.path, flags.options.host);
  if (!document.ok()) return app::kInvalidDocument;
  flags.options.version = document.version;
  flags.options.host.facts.insert(document.loaded.facts.begin(), document.loaded.facts.end());
  lifecycle::BlockSignals();
  absl::StatusOr<app::Outcome> outcome = app::Outcome{};
  {
    Progress progress;
    outcome = app::Apply(flags.options, progress.teller(), {});
  }
  if (absl::IsAborted(outcome.status())) return Fail(outcome.status(), app::kLocked);
  if (!outcome.ok()) return FailDocker(outcome.status());
  return Report(*outcome, flags.format);
}

}  // namespace

Command AddApply(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "apply", "Converges the host on a document once and waits until everything is ready");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddHostOptions(*app, flags->options.host);
  AddDockerOptions(*app, flags->options.docker);
  AddStrictOption(*app, flags->options.secret_permissions);
  AddDurationOption(*app, "--timeout", flags->options.timeout, absl::Seconds(1), "give up after");
  app->add_flag("--now", flags->options.now, "do not wait for the maintenance windows of rollout.windows");
  app->add_option("--state-dir", flags->options.state_dir, "what the agent remembers between two runs")
      ->type_name("DIR")
      ->capture_default_str();
  app->add_option("--lock-file", flags->options.lock_file, "held while it works")
      ->type_name("FILE")
      ->capture_default_str();
  AddOutputOption(*app, flags->format);
  app->footer(
      "Exit code: 0 converged, 1 not, 69 Docker cannot be reached, 75 an agent works on this host, 78 "
      "invalid document.\nA rollout that has to wait for a window of rollout.windows is not begun, and the "
      "exit code is 1.\n\n"
      "Examples:\n"
      "  spacelet apply -f host.yaml\n"
      "  spacelet apply -f host.yaml --timeout 30m -o json\n"
      "  spacelet apply -f host.yaml --now");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

#include <iostream>
#include <memory>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/progress.h"
#include "pkg/app/one_shot.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  app::DownOptions options;
  bool yes = false;
};

int Run(Flags& flags) {
  const LoadedDocument document = LoadForCommand(flags.path, flags.options.host);
  if (!document.ok()) return app::kInvalidDocument;
  if (!flags.yes) {
    Complain(
        "down stops and removes every container and network that spacelet made on this host; say --yes if "
        "you mean it");
    return app::kUsage;
  }
  flags.options.document = document.loaded;
  absl::Status status;
  {
    Progress progress;
    status = app::Down(flags.options, progress.teller(), {});
  }
  if (absl::IsAborted(status)) return Fail(status, app::kLocked);
  if (!status.ok()) return FailDocker(status);
  std::cout << "Down: nothing that spacelet made is left.\n";
  return app::kGood;
}

}  // namespace

Command AddDown(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("down", "Stops and removes everything that spacelet made on this host, gracefully");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddHostOptions(*app, flags->options.host);
  AddDockerOptions(*app, flags->options.docker);
  app->add_option("--lock-file", flags->options.lock_file, "held while it works")
      ->type_name("FILE")
      ->capture_default_str();
  app->add_flag("--yes", flags->yes, "yes, I mean it");
  app->footer(
      "Foreign containers and networks are never touched; data in bind mounts stays.\n"
      "Exit code: 0 done, 1 not, 69 Docker cannot be reached, 75 an agent works on this host, 78 invalid "
      "document.\n\n"
      "Examples:\n"
      "  spacelet down -f /etc/spacelet/host.yaml --yes");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

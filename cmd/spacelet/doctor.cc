#include "pkg/app/doctor.h"

#include <langinfo.h>

#include <clocale>
#include <iostream>
#include <memory>
#include <string>

#include "cmd/spacelet/agent_client.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/progress.h"
#include "pkg/app/options.h"
#include "pkg/doctor/check.h"
#include "pkg/doctor/examine.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  app::DoctorOptions doctor;
  Format format = Format::kText;
};

bool TerminalHasUnicode() {
  if (!StdoutIsTerminal()) return false;
  std::setlocale(LC_CTYPE, "");
  return std::string(nl_langinfo(CODESET)) == "UTF-8";
}

std::vector<doctor::Check> Look(const app::DoctorOptions& options) {
  const Transient line("looking at the host ...");
  return doctor::Examine(app::Diagnose(options, {}));
}

int Run(const Flags& flags) {
  if (const absl::Status git = RefuseGit(flags.doctor.file); !git.ok()) return Fail(git, app::kUsage);
  const std::vector<doctor::Check> checks = Look(flags.doctor);
  if (flags.format == Format::kText)
    std::cout << doctor::ToText(checks, {TerminalHasUnicode(), StdoutHasColor()});
  else
    std::cout << Render(doctor::ToJson(checks), flags.format);
  return doctor::IsHealthy(checks) ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddDoctor(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "doctor",
      "Checks this host: what the document, Docker, the network and the agent need; says how to fix it");
  auto flags = std::make_shared<Flags>();
  CLI::Option* file = app->add_option("-f,--filename", flags->doctor.file, "the document")
                          ->type_name("FILE")
                          ->capture_default_str();
  AddHostOptions(*app, flags->doctor.host);
  AddDockerOptions(*app, flags->doctor.docker);
  AddAddressOptions(*app, flags->doctor.agent);
  app->add_option("--state-dir", flags->doctor.state_dir, "the agent's")
      ->type_name("DIR")
      ->capture_default_str();
  app->add_option("--lock-file", flags->doctor.lock_file, "the agent's")
      ->type_name("FILE")
      ->capture_default_str();
  AddOutputOption(*app, flags->format);
  app->footer(
      "Changes nothing and runs no secret's command. An invalid document and a Docker that does not answer "
      "are\n"
      "failed checks; the others go on.\n"
      "Exit code: 0 no check failed (warnings and skipped checks count as well), 1 a check failed.\n\n"
      "Examples:\n"
      "  sudo spacelet doctor\n"
      "  sudo spacelet doctor -f host.yaml\n"
      "  spacelet doctor -o json | jq '.checks[] | select(.result == \"fail\")'");
  return {app, [flags, file] {
            flags->doctor.asked = file->count() > 0;
            return Run(*flags);
          }};
}

}  // namespace spacelet::cmd

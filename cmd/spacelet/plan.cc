#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/one_shot.h"
#include "pkg/base/digest.h"
#include "pkg/plan/text.h"
#include "pkg/report/plan_json.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  app::LookOptions look;
  Format format = Format::kText;
};

std::string Counted(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string Summary(const plan::Plan& plan) {
  if (plan.in_sync()) return "In sync: the host is as the document says, nothing would be done.\n";
  std::string text = Counted(plan.steps.size(), "step");
  if (!plan.waiting.empty()) absl::StrAppend(&text, ", ", plan.waiting.size(), " waiting");
  if (!plan.conflicts.empty()) absl::StrAppend(&text, ", ", Counted(plan.conflicts.size(), "conflict"));
  return text + ".\n";
}

int Run(const Flags& flags) {
  const LoadedDocument document = LoadForCommand(flags.path);
  if (!document.ok()) return app::kInvalidDocument;
  const std::string revision = "sha256:" + base::Sha256Hex(document.text.bytes);
  const absl::StatusOr<app::Look> look = app::LookAtHost(*document.loaded.document, revision, flags.look, {});
  if (!look.ok()) return FailDocker(look.status());
  for (const std::string& warning : look->compiled.warnings) Complain("warning: " + warning);
  if (flags.format == Format::kText)
    std::cout << plan::ToText(look->plan) << Summary(look->plan);
  else
    std::cout << Render(report::ToJson(look->plan), flags.format);
  return look->plan.in_sync() ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddPlan(CLI::App& root) {
  CLI::App* app = root.add_subcommand("plan", "Shows what would be done and why; changes nothing");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddDockerOptions(*app, flags->look.docker);
  AddStrictOption(*app, flags->look.secret_permissions);
  AddOutputOption(*app, flags->format);
  app->footer(
      "Exit code: 0 in sync, 1 differences or conflicts, 69 Docker cannot be reached, 78 invalid "
      "document.\n\n"
      "Examples:\n"
      "  spacelet plan -f /etc/spacelet/host.yaml\n"
      "  spacelet plan -f host.yaml -o json | jq '.steps[].operation'");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

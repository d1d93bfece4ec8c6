#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/host_view.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/plan/text.h"
#include "pkg/report/plan_json.h"

namespace spacelet::cmd {
namespace {

std::string Summary(const plan::Plan& plan) {
  if (plan.in_sync()) return "In sync: the host is as the document says, nothing would be done.\n";
  std::string text = Counted(plan.steps.size(), "step");
  if (!plan.waiting.empty()) absl::StrAppend(&text, ", ", plan.waiting.size(), " waiting");
  if (!plan.conflicts.empty()) absl::StrAppend(&text, ", ", Counted(plan.conflicts.size(), "conflict"));
  return text + ".\n";
}

int Run(const ViewFlags& flags) {
  const HostView view = ViewHost(flags);
  if (!view.look) return view.exit_code;
  const plan::Plan& plan = view.look->plan;
  if (flags.format == Format::kText)
    std::cout << plan::ToText(plan) << Summary(plan);
  else
    std::cout << Render(report::ToJson(plan), flags.format);
  return plan.in_sync() ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddPlan(CLI::App& root) {
  CLI::App* app = root.add_subcommand("plan", "Shows what would be done and why; changes nothing");
  auto flags = std::make_shared<ViewFlags>();
  AddViewOptions(*app, *flags);
  app->footer(
      "Exit code: 0 in sync, 1 differences or conflicts, 69 Docker cannot be reached, 78 invalid "
      "document.\n\n"
      "Examples:\n"
      "  spacelet plan -f /etc/spacelet/host.yaml\n"
      "  spacelet plan -f host.yaml -o json | jq '.steps[].operation'");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

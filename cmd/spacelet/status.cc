#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "cmd/spacelet/agent_client.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/api/reasons.h"
#include "pkg/app/options.h"
#include "pkg/report/status_json.h"
#include "pkg/report/status_text.h"

namespace spacelet::cmd {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr char kClearScreen[] = "\x1b[H\x1b[2J";

struct Flags {
  app::AgentAddress agent;
  Format format = Format::kText;
  bool watch = false;
};

struct View {
  std::string text;  // in the chosen format
  bool ready = false;
};

absl::StatusOr<View> Look(const Flags& flags) {
  const absl::StatusOr<std::string> json = app::AskAgent(flags.agent, "/api/v1/status", kPatience);
  if (!json.ok()) return json.status();
  const absl::StatusOr<report::Status> status = report::StatusFromJson(*json);
  if (!status.ok()) return status.status();
  const bool ready = report::IsTrue(status->conditions, api::kReady);
  if (flags.format != Format::kText) return View{Render(*json, flags.format), ready};
  return View{report::ToText(*status, absl::Now(), {StdoutHasColor()}), ready};
}

int Once(const Flags& flags) {
  const absl::StatusOr<View> view = Look(flags);
  if (!view.ok()) return FailAgent(view.status());
  std::cout << view->text;
  return view->ready ? app::kGood : app::kNotSo;
}

// On a terminal the screen is renewed; elsewhere each change is one more report.
int Watch(const Flags& flags) {
  const bool renew = StdoutIsTerminal() && flags.format == Format::kText;
  std::string shown;
  while (true) {
    const absl::StatusOr<View> view = Look(flags);
    if (!view.ok()) return FailAgent(view.status());
    if (view->text != shown) std::cout << (renew ? kClearScreen : "") << view->text << std::flush;
    shown = view->text;
    absl::SleepFor(kWatchInterval);
  }
}

}  // namespace

Command AddStatus(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "status", "Shows what the agent knows: each object, whether it is as it should be and why not");
  auto flags = std::make_shared<Flags>();
  AddAddressOptions(*app, flags->agent);
  AddOutputOption(*app, flags->format);
  app->add_flag("--watch,-w", flags->watch, "go on and show each change");
  app->footer(
      "Exit code: 0 ready, 1 not ready, 69 the agent cannot be reached.\n\n"
      "Examples:\n"
      "  spacelet status\n"
      "  spacelet status --watch\n"
      "  spacelet status --address https://gitspaces-1:9746 --ca-file ca.pem --user ann --password-file pw\n"
      "  spacelet status -o json | jq '.objects[].conditions'");
  return {app, [flags] { return flags->watch ? Watch(*flags) : Once(*flags); }};
}

}  // namespace spacelet::cmd

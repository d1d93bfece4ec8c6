#include "pkg/report/events.h"

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cmd/spacelet/agent_client.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/http/client.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  app::AgentAddress agent;
  Format format = Format::kText;
  bool follow = false;
  absl::Duration since = absl::InfiniteDuration();
};

std::string TargetFor(const Flags& flags) {
  std::string target = absl::StrCat("/api/v1/events?follow=", flags.follow ? "true" : "false");
  if (flags.since == absl::InfiniteDuration()) return target;
  const absl::Time since = absl::Now() - flags.since;
  return target +
         "&since=" + http::PercentEncode(absl::FormatTime(absl::RFC3339_sec, since, absl::UTCTimeZone()));
}

void Show(absl::string_view line, Format format) {
  if (format == Format::kYaml) std::cout << "---\n" << Render(line, format);
  if (format == Format::kJson) std::cout << std::string(line) << "\n";
  if (format != Format::kText) return;
  const absl::StatusOr<report::Event> event = report::EventFromJson(line);
  if (event.ok()) std::cout << report::ToText(*event) << "\n";
}

int Run(const Flags& flags) {
  const absl::Status status = FollowAgent(flags.agent, TargetFor(flags), [&](absl::string_view line) {
    Show(line, flags.format);
    std::cout.flush();
    return std::cout.good();
  });
  return status.ok() ? app::kGood : FailAgent(status);
}

}  // namespace

Command AddEvents(CLI::App& root) {
  CLI::App* app = root.add_subcommand("events", "Shows what happened and why, oldest first");
  auto flags = std::make_shared<Flags>();
  AddAddressOptions(*app, flags->agent);
  AddOutputOption(*app, flags->format);
  app->add_flag("--follow", flags->follow, "go on with each new event");
  app->add_option_function<std::string>(
         "--since",
         [flags](const std::string& text) {
           if (!absl::ParseDuration(text, &flags->since))
             throw CLI::ValidationError("--since", "expected a duration like 90s or 2h, not " + text);
         },
         "only those of the last while (default all)")
      ->type_name("DURATION");
  app->footer(
      "With -o json one event a line.\n\n"
      "Examples:\n"
      "  spacelet events\n"
      "  spacelet events --follow --since 10m\n"
      "  spacelet events -o json | jq 'select(.type == \"Warning\")'");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd

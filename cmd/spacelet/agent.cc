#include "pkg/app/agent.h"

#include <memory>
#include <vector>

#include "cmd/spacelet/choice.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/git_flags.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/policy_flag.h"

namespace spacelet::cmd {
namespace {

void AddIntervals(CLI::App& app, app::AgentOptions& options) {
  AddDurationOption(app, "--resync-interval", options.resync_interval, absl::Seconds(1),
                    "everything is looked at this often");
  AddDurationOption(app, "--poll-interval", options.poll_interval, absl::Milliseconds(100),
                    "files are looked at this often, whatever inotify says");
  AddDurationOption(app, "--prune-delay", options.prune_delay, absl::ZeroDuration(),
                    "a workload that the document drops is removed after");
}

void AddNotifyOptions(CLI::App& app, app::NotifyOptions& options) {
  auto* command = app.add_option("--notify-command", options.command,
                                 "run when something goes wrong and when it is over, with JSON on its stdin")
                      ->type_name("PROGRAM");
  auto* url = app.add_option("--notify-url", options.url, "or POST the JSON there")
                  ->type_name("URL")
                  ->excludes(command);
  app.add_option("--notify-header-file", options.header_file,
                 "lines of `Name: value` that are sent with it, e.g. Authorization")
      ->type_name("FILE")
      ->needs(url);
}

void AddLogOptions(CLI::App& app, app::LogOptions& options) {
  AddChoice<log::Format>(app, "--log-format", options.format,
                         {{"logfmt", log::Format::kLogfmt}, {"json", log::Format::kJson}},
                         "logfmt or json (default logfmt)");
  AddChoice<log::Level>(app, "--log-level", options.level,
                        {{"debug", log::Level::kDebug},
                         {"info", log::Level::kInfo},
                         {"warning", log::Level::kWarning},
                         {"error", log::Level::kError}},
                        "debug, info, warning or error (default info)");
}

}  // namespace

Command AddAgent(CLI::App& root) {
  CLI::App* app = root.add_subcommand("agent", "Watches a document and keeps the host as it says");
  auto options = std::make_shared<app::AgentOptions>();
  app->add_option(
         "--config", options->source,
         "the document: a file, or git+https://HOST/REPOSITORY.git//PATH?ref=BRANCH (also git+ssh, git+file)")
      ->type_name("FILE|URL")
      ->required()
      ->take_last();  // the unit names a file before SPACELET_FLAGS
  AddPolicyOption(*app, options->policy);
  app->add_option("--state-dir", options->state_dir, "what is remembered between two runs")
      ->type_name("DIR")
      ->capture_default_str();
  AddHostOptions(*app, options->host);
  AddDockerOptions(*app, options->docker);
  AddStrictOption(*app, options->secret_permissions);
  app->add_option("--listen-address", options->listen_address,
                  "metrics, probes, status; :PORT is all interfaces")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_option_function<std::vector<std::string>>(
         "--allowed-host",
         [options](const std::vector<std::string>& names) {
           options->allowed_hosts.insert(names.begin(), names.end());
         },
         "a name by which HTTP clients may call this host, besides its own, localhost and addresses; may be "
         "repeated")
      ->type_name("NAME");
  app->add_option(
         "--web-config-file", options->web_config_file,
         "TLS and users of that address, as Prometheus's exporters have it; read again when it changes")
      ->type_name("FILE");
  AddIntervals(*app, *options);
  AddGitOptions(*app, options->git);
  app->add_option("--lock-file", options->lock_file, "one agent a host")
      ->type_name("FILE")
      ->capture_default_str();
  AddNotifyOptions(*app, options->notify);
  AddLogOptions(*app, options->log);
  app->footer(
      "Stops on SIGTERM and leaves the containers running; SIGHUP reads document and policy again,\n"
      "from Git also one whose history was rewritten.\n"
      "Exit code: 0 stopped by SIGTERM, 1 failed, 75 another agent works on this host.\n\n"
      "Examples:\n"
      "  spacelet agent --config /etc/spacelet/host.yaml\n"
      "  spacelet agent --config host.yaml --docker-host unix:///run/other.sock --log-level debug\n"
      "  spacelet agent --config /etc/spacelet/host.yaml --policy /etc/spacelet/policy.yaml\n"
      "  spacelet agent --config 'git+https://github.com/acme/hosts.git//eu/host.yaml?ref=main' \\\n"
      "      --git-token-file /etc/spacelet/git-token\n"
      "  spacelet agent --config host.yaml --notify-url https://alerts.example.com/spacelet\n"
      "  spacelet agent --config host.yaml --notify-command /etc/spacelet/notify\n"
      "where /etc/spacelet/notify is for Slack\n"
      "  #!/bin/sh -e\n"
      "  jq '{text: \"\\(.status) on \\(.host): \\(.object) \\(.reason): \\(.message)\"}' |\n"
      "    curl -sSf -m 8 --json @- \"$(cat /etc/spacelet/slack-url)\"\n"
      "and for PagerDuty\n"
      "  #!/bin/sh -e\n"
      "  jq --rawfile key /etc/spacelet/pagerduty-key '{routing_key: ($key | rtrimstr(\"\\n\")), dedup_key: "
      ".key,\n"
      "      event_action: (if .status == \"firing\" then \"trigger\" else \"resolve\" end), payload: "
      "{source: .host,\n"
      "      severity: \"error\", summary: \"\\(.object) \\(.reason): \\(.message)\"}}' |\n"
      "    curl -sSf -m 8 --json @- https://events.pagerduty.com/v2/enqueue");
  return {app, [options] { return app::RunAgent(*options); }};
}

}  // namespace spacelet::cmd

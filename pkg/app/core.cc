#include "pkg/app/core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/app/build_info.h"
#include "pkg/app/compile_here.h"
#include "pkg/app/own_container.h"
#include "pkg/app/whose_file.h"
#include "pkg/execute/execute.h"

namespace spacelet::app {
namespace {

log::Logger LoggerFor(const CoreOptions& options, const secret::Redactor& redactor) {
  if (options.log_fd < 0) return {};
  return log::Logger::ToFd(options.log_fd, options.log.format, options.log.level, RedactWith(redactor));
}

docker::HttpClientOptions ClientOptions(const CoreOptions& options, report::Metrics& metrics) {
  docker::HttpClientOptions client;
  client.docker_config = options.docker_config;
  client.listener = [&metrics](const std::string& operation, const std::string& code, absl::Duration took) {
    const bool http_status = std::all_of(code.begin(), code.end(), absl::ascii_isdigit);
    metrics.DockerRequest(operation, http_status ? code : "error", took);
  };
  return client;
}

std::function<desired::Compiled(const source::Snapshot&)> CompilerFor(const CoreOptions& options) {
  return [host_name = options.host_name, turns = options.turns](const source::Snapshot& snapshot) {
    desired::Compiled compiled =
        CompileHere(snapshot.document, snapshot.revision, snapshot.generation, snapshot.files, host_name);
    const bool is_file = !snapshot.from_git && !snapshot.directory.empty();
    if (absl::Status whose =
            is_file ? CheckWhoseFile(snapshot.file_name, kWhoWritesADocument) : absl::OkStatus();
        absl::IsFailedPrecondition(whose))
      compiled.warnings.emplace_back(whose.message());
    for (desired::Container& container : compiled.host.containers) {
      if (turns != Turns::kObeyed) container.turns.splay = absl::ZeroDuration();
      if (turns == Turns::kIgnored) container.turns.windows.clear();
    }
    return compiled;
  };
}

}  // namespace

report::Redact RedactWith(const secret::Redactor& redactor) {
  return [&redactor](std::string text) { return redactor.Redact(std::move(text)); };
}

Core::Core(const CoreOptions& options)
    : clock(base::RealClock()),
      logger(LoggerFor(options, redactor)),
      metrics(clock, GetBuildInfo().version, GetBuildInfo().revision),
      heartbeats(clock),
      events(clock, RedactWith(redactor)),
      board(clock, RedactWith(redactor), GetBuildInfo().version),
      docker(options.docker.endpoint, ClientOptions(options, metrics)),
      secrets(clock, redactor, options.secret_permissions),
      observer(docker, secrets, clock, OwnContainerHere()),
      checker(docker),
      prober(checker, clock),
      facts(options.host),
      store(clock, facts.asker(), options.admit),
      controller({docker, observer, execute::HostFiles(), secrets, prober, board, events, metrics, heartbeats,
                  clock, logger, CompilerFor(options), options.state, RedactWith(redactor)},
                 options.controller) {
  board.UpdateConfig([&](report::ConfigStatus& config) { config.source = options.source; });
  store.OnAccepted(
      [this, then = options.on_accepted](const std::shared_ptr<const source::Snapshot>& snapshot) {
        controller.OnDocument(snapshot);
        if (then) then(*snapshot);
      });
  store.OnAttempt([this](const source::Attempt& attempt) { controller.OnAttempt(attempt); });
}

void Core::Start(lifecycle::RunGroup& group) {
  group.Start("events", [this](const std::stop_token& stop) { return controller.RunEvents(stop); });
  for (int i = 0; i < controller::Controller::kWorkers; ++i)
    group.Start(absl::StrCat("worker-", i),
                [this](const std::stop_token& stop) { return controller.RunWorker(stop); });
  group.Start("prober", [this](const std::stop_token& stop) { return prober.Run(stop); });
  group.Start("inputs", [this](const std::stop_token& stop) { return controller.RunInputs(stop); });
  group.Start("tags", [this](const std::stop_token& stop) { return controller.RunTags(stop); });
  group.Start("resync", [this](const std::stop_token& stop) { return controller.RunResync(stop); });
}

}  // namespace spacelet::app

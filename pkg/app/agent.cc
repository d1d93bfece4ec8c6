#include "pkg/app/agent.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "pkg/api/reasons.h"
#include "pkg/app/build_info.h"
#include "pkg/app/core.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/document_source.h"
#include "pkg/app/git_options.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/http_front.h"
#include "pkg/app/local_policy.h"
#include "pkg/app/notifications.h"
#include "pkg/app/take_lock.h"
#include "pkg/app/watchdog.h"
#include "pkg/app/web_access.h"
#include "pkg/base/sleeper.h"
#include "pkg/base/text.h"
#include "pkg/base/thread.h"
#include "pkg/lifecycle/notify.h"
#include "pkg/lifecycle/run_group.h"
#include "pkg/lifecycle/signals.h"
#include "pkg/report/boot_to_ready.h"
#include "pkg/state/state.h"
#include "pkg/webconfig/access.h"

namespace spacelet::app {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(10);
constexpr absl::Duration kLookEvery = absl::Seconds(1);

int Refuse(const absl::Status& status, int exit_code) {
  std::cerr << "spacelet: " << std::string(status.message()) << std::endl;
  return exit_code;
}

int RefuseWebConfig(const webconfig::Loaded& loaded) {
  std::cerr << config::ToText(loaded.diagnostics) << "spacelet: the web configuration is not valid"
            << std::endl;
  return kNotSo;
}

CoreOptions CoreOptionsFor(const AgentOptions& options, const DockerEndpoint& docker,
                           const state::Directory& state, const LocalPolicy& policy,
                           std::function<void(const source::Snapshot&)> on_accepted) {
  CoreOptions core;
  core.docker = docker;
  core.docker_config = options.docker.config;
  core.source = options.source;
  core.host = options.host;
  core.host_name = NameOf(options.host);
  core.controller = {docker.host, options.resync_interval, options.poll_interval, options.prune_delay};
  core.secret_permissions = options.secret_permissions;
  core.state = &state;
  core.log = options.log;
  core.log_fd = STDERR_FILENO;
  core.admit = policy.Admission();
  core.on_accepted = std::move(on_accepted);
  return core;
}

// What no pattern of the policy covers: who could write there would decide what the agent does.
std::vector<std::string> GuardedPaths(const AgentOptions& options, const DockerEndpoint& docker) {
  std::vector<std::string> paths = {options.policy, options.state_dir, options.source};
  absl::string_view socket = docker.host;
  if (absl::ConsumePrefix(&socket, "unix://")) paths.emplace_back(socket);
  return paths;
}

// In the runtime directory, which a boot empties.
std::string BesideTheLock(const AgentOptions& options, const char* name) {
  return (std::filesystem::path(options.lock_file).parent_path() / name).string();
}

http::ServerOptions ServerOptionsFor(const AgentOptions& options) {
  http::ServerOptions server;
  server.listen_address = options.listen_address;
  server.allowed_hosts = options.allowed_hosts;
  server.socket_path = BesideTheLock(options, kSocketName);
  return server;
}

// Everything of the daemon in the order of its making. Threads start in Run: converging first, HTTP last,
// since the first call to Docker must not wait for a port.
class Agent {
 public:
  // `web` is the web configuration, when one is asked for; `receiver` may be null.
  Agent(const AgentOptions& options, const DockerEndpoint& docker, LocalPolicy& policy,
        std::optional<webconfig::Loaded> web, std::unique_ptr<notify::Receiver> receiver)
      : policy_(policy),
        state_(options.state_dir),
        core_(CoreOptionsFor(options, docker, state_, policy,
                             [this](const source::Snapshot& snapshot) { source_.OnAccepted(snapshot); })),
        source_(options, state_, core_),
        web_(web ? std::make_unique<WebAccess>(options.web_config_file, options.secret_permissions,
                                               *std::move(web), core_)
                 : nullptr),
        http_(ServerOptionsFor(options), core_, web_.get()),
        boot_(BesideTheLock(options, "boot-to-ready"), report::ThisBoot),
        notifier_(receiver == nullptr
                      ? nullptr
                      : MakeNotifier(std::move(receiver), NameOf(options.host), state_, core_)),
        threads_(core_.logger) {}

  int Run() {
    core_.logger.Info("agent starts",
                      {{"version", GetBuildInfo().version}, {"revision", GetBuildInfo().revision}});
    ReportPolicy(absl::OkStatus());
    source_.StartFromLastGood();
    core_.Start(threads_);
    source_.Start(threads_);
    threads_.Start("boot", [this](const std::stop_token& stop) {
      report::WatchBootToReady(boot_, core_.board, core_.metrics, stop);
      return absl::OkStatus();
    });
    // A thread of its own: a disk that hangs holds up nobody else.
    threads_.Start("state", [this](const std::stop_token& stop) {
      base::Sleeper sleeper(core_.clock);
      while (sleeper.Sleep(kLookEvery, stop)) KeepState();
      return absl::OkStatus();
    });
    if (web_) web_->Start(threads_);
    if (notifier_ != nullptr)
      threads_.Start("notify", [this](const std::stop_token& stop) { return notifier_->Run(stop); });
    threads_.Start("http", [this](const std::stop_token& stop) { return http_.Run(stop); });
    const absl::Status failure = UntilStopped();
    Stop();
    if (failure.ok()) return kGood;
    core_.logger.Error("agent failed", {{"error", std::string(failure.message())}});
    return kNotSo;
  }

 private:
  absl::Status UntilStopped() {
    bool ready = false;
    while (true) {
      const int signal = lifecycle::WaitForSignal(
          std::min(ready ? kLookEvery : kLookEvery / 10, lifecycle::WatchdogInterval()));
      if (signal == SIGTERM || signal == SIGINT) return absl::OkStatus();
      if (signal == SIGHUP || policy_.HasChanged()) ReloadPolicy();
      if (signal == SIGHUP) Reload();
      if (absl::Status failure = threads_.FirstError(); !failure.ok()) return failure;
      FeedWatchdog(core_.heartbeats);
      if (!ready && http_.bound() && source_.looked()) {
        ready = true;
        lifecycle::NotifyReady("watching " + source_.name());
      }
    }
  }

  // What could not be written down is tried again.
  void KeepState() {
    const absl::Status written = state_.WriteAgain();
    if (written.ok() == state_written_) return;
    state_written_ = written.ok();
    const char* reason = written.ok() ? api::reason::kPersisted : api::reason::kStatePersistFailed;
    const std::string text =
        written.ok() ? ""
                     : absl::StrCat(written.message(), "; what is not written is lost with this process");
    core_.board.SetCondition(api::kStatePersisted, report::TruthOf(written.ok()), reason, text);
    if (written.ok())
      core_.logger.Info("the state is written down again");
    else
      core_.logger.Warning("the state cannot be written down, tried again", {{"error", text}});
    core_.events.Record(written.ok() ? report::Event::Type::kNormal : report::Event::Type::kWarning,
                        report::kHostObject, reason,
                        written.ok() ? "everything is written down again" : text);
  }

  // The document is asked for again: what was refused may be allowed now.
  void ReloadPolicy() {
    const absl::Status loaded = policy_.Load();
    ReportPolicy(loaded);
    if (!loaded.ok() || policy_.path().empty()) return;
    core_.store.Recheck();
    source_.AskAgain();
  }

  void ReportPolicy(const absl::Status& loaded) {
    if (policy_.path().empty()) return;
    const char* reason = loaded.ok() ? api::reason::kAccepted : api::reason::kRejected;
    const std::string text = loaded.ok() ? policy_.path() : base::OneLine(loaded.message());
    core_.board.SetCondition(api::kPolicyAccepted, report::TruthOf(loaded.ok()), reason,
                             loaded.ok() ? "" : text + "; the policy before stays in force");
    if (loaded.ok()) return core_.logger.Info("policy in force", {{"policy", text}});
    core_.logger.Error("the policy cannot be used, the one before stays in force", {{"error", text}});
    core_.events.Record(report::Event::Type::kWarning, report::kHostObject, api::reason::kPolicyRejected,
                        text);
  }

  void Reload() {
    core_.logger.Info("reload asked for by SIGHUP");
    source_.Reload();
    core_.controller.TryAgain();
  }

  // Blocks at most kStopGrace. A second signal leaves at once: nothing that is still going on is lost by it,
  // since every state between two calls is a legal starting point.
  void Stop() {
    core_.logger.Info("agent stops, containers stay");
    lifecycle::NotifyStopping();
    auto impatient = base::StartThread([] {
      if (lifecycle::WaitForSignal(absl::Hours(1)) > 0) _exit(kNotSo);
    });
    if (impatient.ok()) impatient->detach();
    if (!threads_.Stop(kStopGrace)) _exit(kNotSo);
  }

  LocalPolicy& policy_;
  state::Directory state_;
  bool state_written_ = true;  // KeepState's
  Core core_;
  DocumentSource source_;
  const std::unique_ptr<WebAccess> web_;
  HttpFront http_;
  report::BootToReady boot_;
  const std::unique_ptr<notify::Notifier> notifier_;
  lifecycle::RunGroup threads_;
};

}  // namespace

int RunAgent(const AgentOptions& options) {
  lifecycle::BlockSignals();
  prctl(PR_SET_DUMPABLE, 0);  // secrets are in memory: no core dump, no ptrace by others
  if (const absl::Status flags = CheckGitFlags(options); !flags.ok()) return Refuse(flags, kUsage);
  const absl::StatusOr<DockerEndpoint> docker = ResolveDockerEndpoint(options.docker.host, GetEnv);
  if (!docker.ok()) return Refuse(docker.status(), kUsage);
  std::optional<webconfig::Loaded> web;
  if (!options.web_config_file.empty()) {
    web = webconfig::Load(options.web_config_file, options.secret_permissions, absl::Now());
    if (web->access == nullptr) return RefuseWebConfig(*web);
  }
  absl::StatusOr<std::unique_ptr<notify::Receiver>> receiver = ReceiverFor(options.notify);
  if (!receiver.ok()) return Refuse(receiver.status(), kUsage);
  LocalPolicy policy(options.policy, GuardedPaths(options, *docker));
  if (const absl::Status loaded = policy.Load(); !loaded.ok()) return Refuse(loaded, kNotSo);
  const absl::StatusOr<state::Lock> lock = TakeLock(options.lock_file);
  if (!lock.ok()) return Refuse(lock.status(), absl::IsAborted(lock.status()) ? kLocked : kNotSo);
  return Agent(options, *docker, policy, std::move(web), *std::move(receiver)).Run();
}

}  // namespace spacelet::app

#include "pkg/app/agent.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "pkg/app/build_info.h"
#include "pkg/app/core.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/document_source.h"
#include "pkg/app/git_options.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/http_front.h"
#include "pkg/app/notifications.h"
#include "pkg/app/take_lock.h"
#include "pkg/app/watchdog.h"
#include "pkg/lifecycle/notify.h"
#include "pkg/lifecycle/run_group.h"
#include "pkg/lifecycle/signals.h"
#include "pkg/report/boot_to_ready.h"
#include "pkg/state/state.h"

namespace spacelet::app {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(10);
constexpr absl::Duration kLookEvery = absl::Seconds(1);

int Refuse(const absl::Status& status, int exit_code) {
  std::cerr << "spacelet: " << std::string(status.message()) << std::endl;
  return exit_code;
}

CoreOptions CoreOptionsFor(const AgentOptions& options, const DockerEndpoint& docker,
                           const state::Directory& state,
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
  core.on_accepted = std::move(on_accepted);
  return core;
}

// In the runtime directory, which a boot empties.
std::string BesideTheLock(const AgentOptions& options, const char* name) {
  return (std::filesystem::path(options.lock_file).parent_path() / name).string();
}

// Everything of the daemon in the order of its making. Threads start in Run: converging first, HTTP last,
// since the first call to Docker must not wait for a port.
class Agent {
 public:
  // `receiver` may be null.
  Agent(const AgentOptions& options, const DockerEndpoint& docker, std::unique_ptr<notify::Receiver> receiver)
      : state_(options.state_dir),
        core_(CoreOptionsFor(options, docker, state_,
                             [this](const source::Snapshot& snapshot) { source_.OnAccepted(snapshot); })),
        source_(options, state_, core_),
        http_({options.listen_address, options.allowed_hosts, {}}, core_),
        boot_(BesideTheLock(options, "boot-to-ready"), report::ThisBoot),
        notifier_(receiver == nullptr
                      ? nullptr
                      : MakeNotifier(std::move(receiver), NameOf(options.host), state_, core_)),
        threads_(core_.logger) {}

  int Run() {
    core_.logger.Info("agent starts",
                      {{"version", GetBuildInfo().version}, {"revision", GetBuildInfo().revision}});
    source_.StartFromLastGood();
    core_.Start(threads_);
    source_.Start(threads_);
    threads_.Start("boot", [this](const std::stop_token& stop) {
      report::WatchBootToReady(boot_, core_.board, core_.metrics, stop);
      return absl::OkStatus();
    });
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
      if (signal == SIGHUP) Reload();
      if (absl::Status failure = threads_.FirstError(); !failure.ok()) return failure;
      FeedWatchdog(core_.heartbeats);
      if (!ready && http_.bound() && source_.looked()) {
        ready = true;
        lifecycle::NotifyReady("watching " + source_.name());
      }
    }
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
    std::thread([] {
      if (lifecycle::WaitForSignal(absl::Hours(1)) > 0) _exit(kNotSo);
    }).detach();
    if (!threads_.Stop(kStopGrace)) _exit(kNotSo);
  }

  state::Directory state_;
  Core core_;
  DocumentSource source_;
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
  absl::StatusOr<std::unique_ptr<notify::Receiver>> receiver = ReceiverFor(options.notify);
  if (!receiver.ok()) return Refuse(receiver.status(), kUsage);
  const absl::StatusOr<state::Lock> lock = TakeLock(options.lock_file);
  if (!lock.ok()) return Refuse(lock.status(), absl::IsAborted(lock.status()) ? kLocked : kNotSo);
  return Agent(options, *docker, *std::move(receiver)).Run();
}

}  // namespace spacelet::app

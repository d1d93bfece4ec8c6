#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/app/core.h"
#include "pkg/app/one_shot.h"
#include "pkg/app/take_lock.h"
#include "pkg/base/status_macros.h"
#include "pkg/lifecycle/signals.h"
#include "pkg/report/readiness.h"
#include "pkg/state/state.h"

namespace spacelet::app {
namespace {

// Between two looks at how far it is: short at first, since mostly there is little to do.
constexpr absl::Duration kFirstLook = absl::Milliseconds(10), kLookEvery = absl::Milliseconds(200);
constexpr absl::Duration kPatienceForDocker = absl::Seconds(10);  // then 69: somebody waits for this command
constexpr absl::Duration kStopGrace = absl::Seconds(10);

CoreOptions CoreOptionsFor(const ApplyOptions& options, const DockerEndpoint& docker,
                           const state::Directory& state) {
  CoreOptions core;
  core.docker = docker;
  core.docker_config = options.docker.config;
  core.source = options.version.file_name;
  core.host = options.host;
  core.host_name = NameOf(options.host);
  core.turns = options.now ? Turns::kIgnored : Turns::kWindowsObeyed;
  core.controller.docker_host = docker.host;
  core.controller.prune_delay = absl::ZeroDuration();
  core.secret_permissions = options.secret_permissions;
  core.state = &state;
  core.log = options.log;
  return core;
}

// Tells each new event as a line of its own, and what is going on now as a transient one.
class Narrator {
 public:
  Narrator(const Core& core, const Tell& tell) : core_(core), tell_(tell) {}

  void Tell() {
    for (const report::Event& event : core_.events.Since(sequence_)) {
      sequence_ = event.sequence;
      tell_(Line(event.object, event.reason, event.message), false);
    }
    for (const report::ObjectStatus& object : core_.board.Snapshot().objects) {
      const report::Condition* progressing = report::Find(object.conditions, api::kProgressing);
      if (progressing == nullptr || progressing->status != report::Truth::kTrue) continue;
      tell_(Line(object.object, progressing->reason, progressing->message), true);
      return;
    }
  }

 private:
  static std::string Line(const std::string& object, const std::string& reason, const std::string& message) {
    return absl::StrCat(object, "  ", reason, message.empty() ? "" : ": ", message);
  }

  const Core& core_;
  const app::Tell& tell_;
  uint64_t sequence_ = 0;
};

bool DockerIsAway(const Core& core, base::Instant since) {
  return !core.board.Snapshot().docker.available && core.clock.Monotonic() - since > kPatienceForDocker;
}

absl::StatusOr<Outcome> Await(Core& core, const ApplyOptions& options, const Tell& tell,
                              const std::stop_token& stop) {
  Narrator narrator(core, tell);
  const base::Instant begun = core.clock.Monotonic();
  base::Instant docker_seen = begun;
  for (absl::Duration pause = kFirstLook;; pause = std::min(pause * 1.5, kLookEvery)) {
    narrator.Tell();
    const controller::Progress progress = core.controller.GetProgress();
    const base::Instant now = core.clock.Monotonic();
    if (core.board.Snapshot().docker.available) docker_seen = now;
    if (progress.converged || progress.settled) return Outcome{progress.converged, progress.missing};
    if (DockerIsAway(core, docker_seen))
      return absl::UnavailableError(
          absl::StrCat("Docker at ", core.board.Snapshot().docker.host, " does not answer"));
    if (now - begun > options.timeout || stop.stop_requested() || lifecycle::WaitForSignal(pause) > 0)
      return Outcome{false, progress.missing};
  }
}

}  // namespace

absl::StatusOr<Outcome> Apply(const ApplyOptions& options, const Tell& tell, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const DockerEndpoint docker, ResolveDockerEndpoint(options.docker.host, GetEnv));
  ASSIGN_OR_RETURN(const state::Lock lock, TakeLock(options.lock_file));
  const state::Directory state(options.state_dir);
  Core core(CoreOptionsFor(options, docker, state));
  if (const absl::Status ping = core.docker.Ping(stop).status(); !ping.ok())
    return AboutDaemon(ping, docker.host);
  state.Prepare().IgnoreError();  // what cannot be kept there stops nothing
  core.store.Offer(options.version);
  lifecycle::RunGroup group(core.logger);
  core.Start(group);
  absl::StatusOr<Outcome> outcome = Await(core, options, tell, stop);
  if (!group.Stop(kStopGrace)) _exit(kNotSo);
  return outcome;
}

}  // namespace spacelet::app

#include "pkg/app/one_shot.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/app/compile_here.h"
#include "pkg/app/dependencies.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/own_container.h"
#include "pkg/app/take_lock.h"
#include "pkg/base/clock.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/http_client.h"
#include "pkg/execute/execute.h"
#include "pkg/observe/observe.h"
#include "pkg/plan/text.h"
#include "pkg/probe/checker.h"
#include "pkg/secret/secret.h"

namespace spacelet::app {
namespace {

// What one look at a host needs, and nothing that runs by itself.
struct Bench {
  Bench(const DockerEndpoint& endpoint, const std::string& docker_config, secret::Permissions permissions)
      : host(endpoint.host),
        docker(endpoint.endpoint, {.docker_config = docker_config, .listener = nullptr}),
        secrets(clock, redactor, permissions) {}

  absl::StatusOr<plan::ObservedState> Observe(const desired::Host& desired, const std::stop_token& stop) {
    if (const absl::Status ping = docker.Ping(stop).status(); !ping.ok()) return AboutDaemon(ping, host);
    RETURN_IF_ERROR(observer.ScanRivals(desired, stop));
    return observer.Snapshot(desired, stop);
  }

  std::string host;
  base::Clock& clock = base::RealClock();
  docker::HttpClient docker;
  secret::Redactor redactor;
  secret::Store secrets;
  observe::Observer observer{docker, secrets, clock, OwnContainerHere()};
  probe::HostChecker checker{docker};
};

bool WaitsForDependency(const plan::Plan& plan) {
  return std::any_of(plan.waiting.begin(), plan.waiting.end(),
                     [](const plan::Waiting& w) { return w.reason == api::reason::kWaitingForDependency; });
}

class Teller : public execute::Listener {
 public:
  explicit Teller(const Tell& tell) : tell_(tell) {}
  void StepStarted(const plan::Step& step) override { tell_(Line(step), true); }
  void StepFinished(const plan::Step& step, const absl::Status& status, absl::Duration) override {
    if (status.ok()) tell_(Line(step), false);
  }
  void PullProgressed(const plan::Step&, const docker::PullProgress&) override {}

 private:
  static std::string Line(const plan::Step& step) {
    return absl::StrCat(step.object, "  ", plan::Name(step.operation), " ", plan::Describe(step.operation));
  }
  const Tell& tell_;
};

}  // namespace

absl::StatusOr<Look> LookAtHost(const config::Loaded& loaded, const LookOptions& options,
                                const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const DockerEndpoint endpoint, ResolveDockerEndpoint(options.docker.host, GetEnv));
  Bench bench(endpoint, options.docker.config, options.secret_permissions);
  Look look;
  look.compiled = CompileHere(*loaded.document, loaded.revision, 0, loaded.files, NameOf(options.host));
  ASSIGN_OR_RETURN(look.observed, bench.Observe(look.compiled.host, stop));
  look.plan = plan::Compute(look.compiled.host, look.observed);
  if (!WaitsForDependency(look.plan)) return look;
  AskDependencies(look.compiled.host, bench.checker, stop, look.observed);
  look.plan = plan::Compute(look.compiled.host, look.observed);
  return look;
}

absl::Status Down(const DownOptions& options, const Tell& tell, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const state::Lock lock, TakeLock(options.lock_file));
  ASSIGN_OR_RETURN(const DockerEndpoint endpoint, ResolveDockerEndpoint(options.docker.host, GetEnv));
  Bench bench(endpoint, options.docker.config, secret::Permissions::kWarn);
  const desired::Compiled compiled = CompileHere(*options.document.document, options.document.revision, 0,
                                                 options.document.files, NameOf(options.host));
  Teller teller(tell);
  execute::Executor executor(bench.docker, execute::HostFiles(), bench.secrets, bench.clock, teller);
  // A second pass takes what appeared meanwhile; a third finds nothing.
  for (int pass = 0; pass < 3; ++pass) {
    ASSIGN_OR_RETURN(const plan::ObservedState observed, bench.Observe(compiled.host, stop));
    const plan::Plan plan = plan::ComputeDown(compiled.host, observed);
    if (plan.steps.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(executor.Run(plan, stop).status);
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
  }
  return absl::OkStatus();
}

}  // namespace spacelet::app

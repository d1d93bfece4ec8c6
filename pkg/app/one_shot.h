// What `plan`, `explain`, `apply` and `down` do: one document, one daemon, no agent.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/app/options.h"
#include "pkg/config/load.h"
#include "pkg/desired/compile.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"
#include "pkg/source/store.h"

namespace spacelet::app {

// One look at the host. Where a workload waits for another one, that one's readiness is asked for, once.
// Errors of Docker come as they are (docker/client.h).
struct Look {
  desired::Compiled compiled;
  plan::ObservedState observed;
  plan::Plan plan;
};
struct LookOptions {
  HostOptions host;  // of the document
  DockerOptions docker;
  secret::Permissions secret_permissions = secret::Permissions::kWarn;
};
// Requires: loaded.ok().
absl::StatusOr<Look> LookAtHost(const config::Loaded& loaded, const LookOptions& options,
                                const std::stop_token& stop);

struct ApplyOptions {
  source::Version version;  // a document that is valid …
  HostOptions host;         // … with these facts
  DockerOptions docker;
  std::string state_dir = "/var/lib/spacelet";
  std::string lock_file = kDefaultLockFile;
  absl::Duration timeout = absl::Minutes(10);
  bool now = false;  // also outside of rollout.windows; rollout.splay is never waited for
  secret::Permissions secret_permissions = secret::Permissions::kWarn;
  LogOptions log;
};

// One-shot work tells how it goes, one line at a time. `transient` lines replace each other on a terminal.
using Tell = std::function<void(const std::string& line, bool transient)>;

struct Outcome {
  bool converged = false;
  std::vector<std::string> missing;  // one sentence each
};

// Converges and waits for ready, at most options.timeout, or until nothing more will happen by itself. Holds
// the lock. Errors: Aborted the lock is held; the daemon's when it cannot be reached at all.
absl::StatusOr<Outcome> Apply(const ApplyOptions& options, const Tell& tell, const std::stop_token& stop);

struct DownOptions {
  config::Loaded document;  // valid …
  HostOptions host;         // … with these facts
  DockerOptions docker;
  std::string lock_file = kDefaultLockFile;
};

// Stops and removes everything owned, gracefully. Holds the lock. Errors: as Apply; the failed step's.
absl::Status Down(const DownOptions& options, const Tell& tell, const std::stop_token& stop);

}  // namespace spacelet::app

// docker::Reader → plan::ObservedState. Lossless and sorted; a failed call is an error, never "nothing is there".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/desired/desired.h"
#include "pkg/docker/client.h"
#include "pkg/plan/observed.h"
#include "pkg/secret/secret.h"

namespace spacelet::observe {

// Thread-safety: thread-safe; calls run side by side.
class Observer {
 public:
  Observer(docker::Reader& docker, secret::Store& secrets, base::Clock& clock);

  // Everything of the host: 1 list of our containers, 1 inspect per workload, 1 network look-up, images.
  absl::StatusOr<plan::ObservedState> Snapshot(const desired::Host& desired, const std::stop_token& stop);
  // What one key's plan needs. For an owned key that is no longer desired too.
  absl::StatusOr<plan::ObservedState> ForKey(const std::string& key, const desired::Host& desired, const std::stop_token& stop);

  // Looks over every container of the host for those that stand in our way (SPEC 3): same port, hostname on our
  // network, DELEGATE_NAME, a rival manager. Each foreign container is inspected once, cached by id. Called at (re)connect, at a
  // new revision and every ten minutes, not at every resync: on a host with 500 containers the list is the cost.
  absl::Status ScanRivals(const desired::Host& desired, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  docker::Reader& docker_;
  secret::Store& secrets_;
  base::Clock& clock_;
  base::Mutex mu_;
  std::vector<plan::Rival> rivals_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, docker::Container> foreign_ ABSL_GUARDED_BY(mu_);  // inspected once, by id
};

}  // namespace spacelet::observe

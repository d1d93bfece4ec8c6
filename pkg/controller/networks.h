// What was tried on each network, in memory and in the state directory: enough to make it again as it was
// when Docker refuses what is to come in its place. What it means is decided by plan/network.h; this only
// remembers.
#pragma once

#include <string>

#include "pkg/api/network_history.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/records.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class Networks {
 public:
  // `records` must outlive it. Loads what the last agent has kept.
  explicit Networks(const Records& records);

  void FillFacts(const desired::Host& host, plan::Facts& facts) const ABSL_LOCKS_EXCLUDED(mu_);
  // Kept from now on, on disk before it returns; what a disk refuses is logged.
  void Keep(const std::string& network, api::NetworkHistory history) ABSL_LOCKS_EXCLUDED(mu_);
  // Docker has refused to make `network`. Whether other settings are known to go back to; if so, these are
  // given up.
  bool Refused(const desired::Network& network, std::string message) ABSL_LOCKS_EXCLUDED(mu_);
  // A person wants what was refused to be tried again.
  void ForgetFailed() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Save() const;

  const Records& records_;
  mutable base::Mutex mu_;
  state::Networks histories_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::controller

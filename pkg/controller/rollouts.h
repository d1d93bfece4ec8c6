// What was tried on each workload, in memory and in the state directory. What it means is decided by
// plan/rollout.h; this only remembers.
#pragma once

#include <string>

#include "pkg/api/rollout.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/records.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class Rollouts {
 public:
  // `records` must outlive it. Loads what the last agent has kept.
  explicit Rollouts(const Records& records);

  // The history of the workload, and the digest of its secrets' values.
  void FillFacts(const std::string& container, plan::ObservedState& observed) const ABSL_LOCKS_EXCLUDED(mu_);
  // Kept from now on, on disk before it returns; what a disk refuses is logged. Returns what was known
  // before.
  api::RolloutHistory Keep(const std::string& container, api::RolloutHistory history)
      ABSL_LOCKS_EXCLUDED(mu_);
  // A person wants what has failed to be tried again.
  void ForgetFailed() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Save() const;

  const Records& records_;
  const std::string digest_key_;
  mutable base::Mutex mu_;
  state::Rollouts histories_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::controller

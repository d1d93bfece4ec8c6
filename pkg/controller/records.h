// What the controller writes down in the state directory, so that the next agent knows it too. A cache like
// the rest of that directory: a record that cannot be read or written is logged and stops nothing.
#pragma once

#include <functional>
#include <utility>

#include "pkg/base/mutex.h"
#include "pkg/log/log.h"
#include "pkg/state/state.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class Records {
 public:
  // `directory` must outlive it; null: nothing is kept.
  Records(const state::Directory* directory, log::Logger logger)
      : directory_(directory), logger_(std::move(logger)) {}

  // Empty when there is none.
  state::LimitsSet LoadLimitsSet() const;
  // Keeps what `newest` returns, which is asked when this write's turn has come: of two at once the newer one
  // stays.
  void SaveLimitsSet(const std::function<state::LimitsSet()>& newest) const ABSL_LOCKS_EXCLUDED(mu_);

  state::Rollouts LoadRollouts() const;
  void SaveRollouts(const std::function<state::Rollouts()>& newest) const ABSL_LOCKS_EXCLUDED(mu_);
  state::Networks LoadNetworks() const;
  void SaveNetworks(const std::function<state::Networks()>& newest) const ABSL_LOCKS_EXCLUDED(mu_);
  state::UsedImages LoadUsedImages() const;
  void SaveUsedImages(const std::function<state::UsedImages()>& newest) const ABSL_LOCKS_EXCLUDED(mu_);
  // Keys digests of secrets; another one in each process when it cannot be kept.
  std::string DigestKey() const;

 private:
  const state::Directory* const directory_;
  const log::Logger logger_;
  mutable base::Mutex mu_;  // held while a file is written: it guards the files, and nothing in memory
};

}  // namespace spacelet::controller

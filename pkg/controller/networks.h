// What was tried on each network, in memory and in the state directory: enough to make it again as it was
// when Docker refuses what is to come in its place. What it means is decided by plan/network.h; this only
// remembers.
#pragma once

#include <map>
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
  // An error of the daemon's own that comes so many times in a row is taken for a no: one alone may be
  // somebody who held the firewall's lock, and each costs the members the network for one more back-off.
  static constexpr int kErrorsThatAreANo = 3;

  // Docker has refused to make `network`, or (`error`) failed at it. Whether it is given up for other
  // settings that are known to go back to.
  bool Refused(const desired::Network& network, std::string message, bool error) ABSL_LOCKS_EXCLUDED(mu_);
  // A person wants what was refused to be tried again.
  void ForgetFailed() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Save() const;

  const Records& records_;
  mutable base::Mutex mu_;
  state::Networks histories_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int> errors_ ABSL_GUARDED_BY(mu_);  // in a row, by the hash of the settings
};

}  // namespace spacelet::controller

// A snapshot of the whole host in parts, one a key: a look at one of n objects reads what is about that
// object, and costs the same however many there are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::plan {

// Thread-safety: immutable.
class Partition {
 public:
  // Requires: both outlive it.
  Partition(const desired::Host& desired, const ObservedState& whole);

  // What observing this key alone would have given: ComputeFor(key) says the same of it as of the whole.
  ObservedState For(const std::string& key) const;

 private:
  ObservedState ForContainer(const std::string& name) const;
  std::vector<const docker::Container*> ContainersOf(const std::string& name,
                                                     const desired::Container* want) const;

  const desired::Host& desired_;
  const ObservedState& whole_;
  std::multimap<std::string, const docker::Container*> by_base_name_, by_component_;
  std::map<std::string, const docker::Container*> by_id_;
  std::multimap<std::string, const Rival*> rivals_;  // by the object that they stand in the way of
  std::vector<docker::Network> networks_;            // as a container's plan looks at them
  bool members_matter_ = false;                      // in one of them
};

}  // namespace spacelet::plan

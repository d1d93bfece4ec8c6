// One object's status out of what is wanted, what is there and what has to be done: conditions with reasons
// for machines and messages for people. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pkg/controller/crash.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"
#include "pkg/probe/prober.h"
#include "pkg/report/status.h"

namespace spacelet::controller {

struct Assessment {
  const std::string& key;
  const desired::Host& host;
  const plan::ObservedState& observed;
  const plan::Plan& plan;
  std::optional<probe::Result> probe;  // of the container, when it is watched
  Crash crash;                         // why it has ended, or keeps ending
};

// Status with the conditions Synced, Ready and Progressing.
report::ObjectStatus Assess(const Assessment& a);

// Whether the object is wanted or still there; what is neither is forgotten.
bool Exists(const std::string& key, const desired::Host& host, const plan::ObservedState& observed);

// The live container of a workload: under its name, or the one that was put aside while there is none; null:
// none, or a network's key. Only ours: never a foreign one.
const docker::Container* Live(const std::string& key, const desired::Host& host,
                              const plan::ObservedState& observed);

// Status after a step failed or while the object cannot be observed: what was known, and why it is not in
// sync.
report::Condition FailedSync(const absl::Status& status, bool pulling, bool waits_for_change);

}  // namespace spacelet::controller

// The pure core: desired × observed → plan. Total: no status, no clock but observed.taken_at, no I/O, no log,
// its input is not changed, and the same input gives the same text. A replacement is not a procedure somebody
// is in the middle of: it is a function of what is there now, so the agent may be killed between any two
// steps.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/api/network_history.h"
#include "pkg/api/rollout.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/operation.h"

namespace spacelet::plan {

// One field that differs. Secrets are "***".
struct Change {
  std::string
      field;  // the document's path below the workload: "image", "env.DELEGATE_TOKEN", "resources.memory"
  std::string from, to;
  bool operator==(const Change&) const = default;
};

struct Step {
  Operation operation;
  std::string object;  // "network/harness", "container/vm-runner"
  std::string cause;   // for people: "not found", "spec changed"
  std::vector<Change> changes;
  // The step waits for something in Plan::waiting (a dependency, the network, its time): an executor stops
  // before it.
  bool waits = false;
  bool operator==(const Step&) const = default;
};

// Waiting::until of a creation that waits for its dependency, for at most the dependency's deadline.
inline constexpr char kUntilReady[] = "Ready";

struct Waiting {
  std::string object, for_what, until;          // "container/docker-delegate", "container/vm-runner", "Ready"
  std::string reason;                           // api::reason
  absl::Time ends_at = absl::InfiniteFuture();  // where time alone ends it
  bool operator==(const Waiting&) const = default;
};

struct Conflict {
  std::string object;
  std::string reason;  // a sentence that names the rival and what to do
  bool operator==(const Conflict&) const = default;
};

// Seen, and not to be repaired now: reported only.
struct Notice {
  std::string object, reason,
      message;         // reason: api::reason, e.g. LimitNotRemovable, SecretUnavailable, InvalidPool
  bool blocks = true;  // the object is not in sync because of it
  bool operator==(const Notice&) const = default;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Waiting> waiting;
  std::vector<Conflict> conflicts;
  std::vector<Notice> notices;
  // Containers whose rollout is due, under way, or has failed: what depends on them is not rolled out yet.
  std::set<std::string> rolling;
  // How the histories of containers should read from now on, where they change. To be kept before the first
  // step: what was given up must not be tried again by an agent that is killed in between.
  std::map<std::string, api::RolloutHistory> histories;
  std::map<std::string, api::NetworkHistory> networks;  // the same, of networks; an empty one is none
  bool goes_back = false;  // the steps restore what ran before: they wait for no back-off
  // From taken_at, when time alone may change the plan.
  absl::Duration look_again = absl::InfiniteDuration();
  bool in_sync() const;  // nothing to do, to wait for, in conflict or blocked
  // All that is left is a rollout whose time has not come (rollout.splay, rollout.windows).
  bool is_scheduled() const;
  bool operator==(const Plan&) const = default;
};

// The keys of the work queue: every object that is desired or owned, in execution order.
std::string NetworkKey(const std::string& name);    // "network/<name>"
std::string ContainerKey(const std::string& name);  // "container/<name>"
std::vector<std::string> Keys(const desired::Host& desired, const ObservedState& observed);

// The plan of one object. `key` may name an object that is only owned and no longer desired: its removal.
Plan ComputeFor(const std::string& key, const desired::Host& desired, const ObservedState& observed);

// The plans of all keys, in order: what `spacelet plan` prints.
Plan Compute(const desired::Host& desired, const ObservedState& observed);

// Everything owned is stopped gracefully and removed, delegate before runner before network: what `down`
// does.
Plan ComputeDown(const desired::Host& desired, const ObservedState& observed);

}  // namespace spacelet::plan

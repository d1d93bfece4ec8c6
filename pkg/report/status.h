// What the agent knows about its host, as one plain value: the source of the status API, the page, `/readyz`
// and `spacelet status`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/report/conditions.h"
#include "pkg/report/plan_summary.h"

namespace spacelet::report {

struct AgentStatus {
  std::string version;
  absl::Time started_at = absl::InfinitePast();
  bool operator==(const AgentStatus&) const = default;
};

struct ConfigStatus {
  std::string source;    // as given to --config
  std::string revision;  // of the document in force, "sha256:<hex>"; empty before the first
  std::string commit;    // git only
  int64_t generation = 0;
  int64_t observed_generation = 0;  // never ahead of the truth (I8): every object of it was seen in sync
  absl::Time accepted_at = absl::InfinitePast();
  std::optional<std::string> error;  // of the newest attempt to read the document
  std::vector<std::string> warnings;
  bool operator==(const ConfigStatus&) const = default;
};

struct DockerStatus {
  bool available = false;
  std::string host;  // "unix:///var/run/docker.sock"
  std::string engine_version, api_version;
  bool operator==(const DockerStatus&) const = default;
};

// The last replacement of a container; absent until the first.
struct LastRollout {
  std::string result;    // InProgress, Succeeded, RolledBack, Inconclusive, Failed
  std::string from, to;  // image references as in the document
  std::string from_hash, to_hash;
  absl::Time started_at = absl::InfinitePast(), finished_at = absl::InfinitePast();
  std::string message;
  bool operator==(const LastRollout&) const = default;
};

// What the document wants of an object.
struct DesiredStatus {
  std::string image;  // empty for a network
  std::string spec_hash;
  bool operator==(const DesiredStatus&) const = default;
};

// An image that is being pulled or loaded. Totals grow while Docker learns of layers; 0: not known yet.
struct PullStatus {
  std::string image;
  int64_t layers_done = 0, layers_total = 0, bytes_done = 0, bytes_total = 0;
  absl::Time started_at = absl::InfinitePast();
  bool operator==(const PullStatus&) const = default;
};

struct ObjectStatus {
  std::string object;                          // "container/vm-runner", "network/harness"
  std::string component;                       // runner, delegate, a workload's name, network
  std::string id, image, image_id, spec_hash;  // of what is there; image: while nothing is, the desired one
  std::optional<DesiredStatus> desired;        // absent: the document has no such object (any more)
  std::string state;  // Docker's word ("running"); "present" for a network; "missing"; "unknown"
  int64_t restarts = 0;
  absl::Time started_at = absl::InfinitePast();
  std::optional<LastRollout> last_rollout;
  PlanSummary plan;                   // what the last look found to be done, and what it waits for
  std::optional<PullStatus> pull;     // while one is under way
  std::vector<Condition> conditions;  // Synced, Ready, Progressing
  bool operator==(const ObjectStatus&) const = default;
};

struct Status {
  std::string name;  // metadata.name; empty before the first document
  AgentStatus agent;
  ConfigStatus config;
  DockerStatus docker;
  std::vector<Condition> conditions;  // ConfigAccepted, DockerAvailable, Ready, Suspended
  std::vector<ObjectStatus> objects;  // sorted by name of the object
  bool operator==(const Status&) const = default;
};

}  // namespace spacelet::report

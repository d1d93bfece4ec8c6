// What is there now: the planner's second input. Lossless and sorted; nothing in it was decided.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/api/network_history.h"
#include "pkg/api/rollout.h"
#include "pkg/base/clock.h"
#include "pkg/docker/types.h"

namespace spacelet::plan {

// A secret's value as it was read last, or why there is none.
struct SecretValue {
  std::optional<std::string> value;
  std::string error;  // when there is no value
};

// A foreign container that stands in our way. Never touched, only named.
struct Rival {
  docker::ContainerSummary container;
  std::string reason;   // "holds port 127.0.0.1:3000", "has the hostname vm-runner on network harness", …
  std::string object;   // whose way it stands in: "container/vm-runner"
  bool blocks = false;  // a create or start would fail (port, name): nothing is begun while it is there
  bool same_work = false;  // it does what the workload is to do: `takeover` replaces it
  bool operator==(const Rival&) const = default;
};

// What the probes say of one running container.
struct ProbeFact {
  bool ready = false;
  bool was_ready = false;                             // at some time since its start
  absl::Duration ready_for = absl::ZeroDuration();    // without a break
  absl::Duration watched_for = absl::ZeroDuration();  // by this process
  std::string message;                                // why it is not ready
  std::string unalive;                                // why its liveness probe gave it up; empty: it did not
  absl::Duration ran_for = absl::ZeroDuration();      // since its start; no clock that is set changes it
  bool operator==(const ProbeFact&) const = default;
};

// Work that a container has under way, by its drain metric.
struct DrainFact {
  bool known = false;  // its metric answers; otherwise its stop grace is its drain
  double tasks = 0;
  absl::Duration waited_for = absl::ZeroDuration();  // since this process asked first
  bool operator==(const DrainFact&) const = default;
};

// What a registry says of a tag that is followed.
struct RemoteDigest {
  std::string digest;  // empty: not asked yet, or used up by a pull
  std::string error;   // of the last attempt; empty: it answered
  bool operator==(const RemoteDigest&) const = default;
};

// A file system in bytes, as df(1) counts them: what is reserved for root is neither used nor free.
struct Disk {
  std::string path;  // that lies on it
  int64_t used = 0, free = 0;
  bool operator==(const Disk&) const = default;
};

// What is remembered of a network's replacements.
struct NetworkFact {
  api::NetworkHistory history;
  // history.previous with all our labels, as it is made again; absent: there is nothing to go back to.
  std::optional<docker::NetworkConfig> previous;
  bool operator==(const NetworkFact&) const = default;
};

// The small facts that are not in Docker.
struct Facts {
  int host_cpus = 0;                                    // 0: unknown
  std::map<std::string, bool> ready;                    // container name -> its readiness probe says so
  std::map<std::string, ProbeFact> probes;              // container id -> its probes' answers
  std::map<std::string, DrainFact> drains;              // container id -> its work, while it matters
  std::map<std::string, api::RolloutHistory> rollouts;  // container name -> what was tried
  std::map<std::string, NetworkFact> networks;          // network name -> what was tried
  std::map<std::string, std::string> secret_digests;    // container name -> keyed digest of its secrets
  std::set<std::string> rolling;            // containers whose rollout is due, under way or rolled back
  std::set<std::string> pulls_backing_off;  // references whose last pull failed and whose back-off runs
  std::set<std::string> registries_away;    // of those, because their registry was out of reach
  std::map<std::string, RemoteDigest> remote_digests;  // followed reference -> what its registry says
  std::optional<Disk> image_disk;  // that holds Docker's images; absent: not seen from here
  std::map<std::string, int64_t>
      bytes_needed;                  // reference or archive -> what its image will take on the disk
  std::set<std::string> waited_out;  // containers whose dependency wait is over its deadline
  std::map<std::string, SecretValue> secret_env;    // "<container>/<variable>" -> value
  std::map<std::string, SecretValue> secret_files;  // "<container>/<path>" -> value
  std::map<std::string, bool> files_match;  // "<container id>/<path>" -> the secret file in it is current
  std::map<std::string, std::set<std::string>>
      limits_set;                            // container id -> limits we set in place: "cpus", "memory"
  std::set<std::string> pool_files_present;  // host paths of pool files that exist with the right content
  // Host paths of all files of our naming beside the desired pool file, older ones among them.
  std::set<std::string> pool_files_found;
  std::set<std::string> state_files;          // host paths of runners' databases and of what is kept of them
  std::set<std::string> directories_present;  // host paths among desired directories that exist
  std::set<std::string> removal_pending;  // container names dropped from the document whose prune delay runs
};

struct ObservedState {
  // Every container that is named as one of ours (name, .next, .previous), or that carries our ownership
  // labels.
  std::vector<docker::Container> containers;  // sorted by name, then id
  // Every owned container of the host, also those that were not inspected for this key: id -> name.
  std::map<std::string, std::string> owned;
  std::vector<docker::Network>
      networks;  // every one of the desired name, and owned ones; sorted by name, then id
  std::map<std::string, std::optional<docker::Image>>
      images;  // desired reference -> local image, nullopt: not here
  std::vector<Rival> rivals;
  std::string self;  // id of the container that this process runs in, never ours; empty: it runs in none
  Facts facts;
  // When it was begun: on the wall clock, which may be set at any time, and on the monotonic one of this
  // process.
  absl::Time taken_at;
  base::Instant begun;
};

}  // namespace spacelet::plan

// What is there now: the planner's second input. Lossless and sorted; nothing in it was decided.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
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
  bool operator==(const Rival&) const = default;
};

// The small facts that are not in Docker.
struct Facts {
  int host_cpus = 0;                              // 0: unknown
  std::map<std::string, bool> ready;              // container name -> its readiness probe says so
  std::set<std::string> pulls_backing_off;        // references whose last pull failed and whose back-off runs
  std::set<std::string> waited_out;               // containers whose dependency wait is over its deadline
  std::map<std::string, SecretValue> secret_env;  // "<container>/<variable>" -> value
  std::map<std::string, SecretValue> secret_files;  // "<container>/<path>" -> value
  std::map<std::string, bool> files_match;  // "<container id>/<path>" -> the secret file in it is current
  std::map<std::string, std::set<std::string>>
      limits_set;                             // container id -> limits we set in place: "cpus", "memory"
  std::set<std::string> pool_files_present;   // host paths of pool files that exist with the right content
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
  Facts facts;
  absl::Time taken_at;
};

}  // namespace spacelet::plan

// What a runner and a delegate are: the two profiles, spelled out as generic workloads. What a document may
// write itself has been filled in by config::ApplyDefaults; here is what follows from it and is no field of a
// workload. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pkg/api/types.h"
#include "pkg/desired/desired.h"

namespace spacelet::desired {

// The paths of the runner's profile, inside its container (drone-runner-aws resolves relative paths from
// "/").
inline constexpr char kRunnerMount[] = "/runner";
inline constexpr char kRunnerDatabase[] = "/runner/database.sqlite3";
inline constexpr char kAgentDirectory[] =
    ".spacelet";  // below the runner's directory: what the agent writes there

// A workload with nothing left to look up in a profile.
struct Expanded {
  std::string component;
  api::Workload workload;
  std::optional<DrainMetric> drain = std::nullopt;
  std::optional<StateFile> state_file = std::nullopt;
  std::optional<docker::HealthConfig> health = std::nullopt;
  bool own_hostname = false;  // two of them side by side must not have one hostname
};

// The host side of the runner's /runner bind: `directory`, or the volume that the document mounts there.
std::string RunnerDirectory(const api::Runner& runner);

// Requires of all Expand…: defaults applied.
// `pool_path`: where the pool file is in the container; empty when the pool is blocked.
// What the document writes wins; `warnings` gets a sentence for each profile variable that it replaces.
Expanded ExpandRunner(const api::Runner& runner, const std::string& pool_path,
                      std::vector<std::string>& warnings);

// `runner`: the document's, expanded; null when it has none. RUNNER_URL is derived from it.
Expanded ExpandDelegate(const api::Delegate& delegate, const Expanded* runner,
                        std::vector<std::string>& warnings);

Expanded ExpandGeneric(const api::GenericContainer& container);

// A sentence when nothing on the network answers the delegate's runner URL: neither a container of this name,
// nor (when the name is the runner's) its port. `workloads` are all of the document, expanded.
std::optional<std::string> CheckRunnerUrl(const std::string& url, const std::vector<Expanded>& workloads);

}  // namespace spacelet::desired

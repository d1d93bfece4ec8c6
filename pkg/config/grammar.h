// The document's grammar: which fields there are. One table each; everything else follows from them.
#pragma once

#include "pkg/api/types.h"
#include "pkg/config/record.h"

namespace spacelet::config {

Record<api::SecretSource> SecretRecord();
Record<api::Probe> ProbeRecord();
Record<api::Rollout> RolloutRecord();
Record<api::Network> NetworkRecord();
Record<api::Runner> RunnerRecord();
Record<api::Delegate> DelegateRecord();
Record<api::GenericContainer> ContainerRecord();
// What the runner, the delegate and every other container have in common. Made once.
const Record<api::Workload>& WorkloadRecord();
// The whole document. Made once.
const Record<api::Document>& DocumentRecord();

// Live fields: what `docker update` changes in place.
inline constexpr const char* kLiveFields[] = {"resources.cpus", "resources.memory",    "resources.memorySwap",
                                              "resources.pids", "resources.cpuShares", "restartPolicy"};

}  // namespace spacelet::config

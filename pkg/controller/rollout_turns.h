// Tells of the turns that the rollouts of a workload take: events for people, a count for Prometheus.
#pragma once

#include <optional>
#include <string>

#include "pkg/api/rollout.h"
#include "pkg/report/events.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status.h"

namespace spacelet::controller {

// As the status shows it; nullopt before the first replacement.
std::optional<report::LastRollout> LastRolloutOf(const api::RolloutHistory& history);

// `object`: "container/vm-runner". Nothing when the two tell the same.
void TellTurn(const std::string& object, const api::RolloutHistory& before, const api::RolloutHistory& after,
              report::EventLog& events, report::Metrics& metrics);

}  // namespace spacelet::controller

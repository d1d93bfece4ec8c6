// A plan as people and programs read it: what would be done, without what only an executor needs.
#pragma once

#include <string>
#include <vector>

#include "pkg/plan/plan.h"

namespace spacelet::report {

// Secrets are "***" since the planner.
struct PlanSummary {
  struct Step {
    std::string object, operation;  // "container/vm-runner", "PullImage"
    std::string arguments;          // plan::Describe: "drone/drone-runner-aws:1.0.0-rc.310"
    std::string cause;
    std::vector<plan::Change> changes;
    bool waits = false;
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps;
  std::vector<plan::Waiting> waiting;
  std::vector<plan::Conflict> conflicts;
  std::vector<plan::Notice> notices;

  bool in_sync() const;  // as plan::Plan::in_sync
  bool operator==(const PlanSummary&) const = default;
};

PlanSummary Summary(const plan::Plan& plan);

}  // namespace spacelet::report

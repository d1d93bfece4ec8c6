#include "pkg/report/plan_summary.h"

#include <algorithm>

#include "pkg/plan/text.h"

namespace spacelet::report {

bool PlanSummary::in_sync() const {
  return steps.empty() && waiting.empty() && conflicts.empty() &&
         std::none_of(notices.begin(), notices.end(), [](const plan::Notice& n) { return n.blocks; });
}

PlanSummary Summary(const plan::Plan& plan) {
  PlanSummary summary{
      .steps = {}, .waiting = plan.waiting, .conflicts = plan.conflicts, .notices = plan.notices};
  for (const plan::Step& step : plan.steps)
    summary.steps.push_back({.object = step.object,
                             .operation = std::string(plan::Name(step.operation)),
                             .arguments = plan::Describe(step.operation),
                             .cause = step.cause,
                             .changes = step.changes,
                             .waits = step.waits});
  return summary;
}

}  // namespace spacelet::report

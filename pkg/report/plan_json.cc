#include "pkg/report/plan_json.h"

#include "pkg/plan/text.h"
#include "pkg/report/json.h"

namespace spacelet::report {
namespace {

using json::Json;

Json StepJson(const plan::Step& step) {
  Json changes = Json::array();
  for (const plan::Change& change : step.changes)
    changes.push_back({{"field", change.field}, {"from", change.from}, {"to", change.to}});
  return {{"object", step.object},
          {"operation", std::string(plan::Name(step.operation))},
          {"cause", step.cause},
          {"changes", std::move(changes)}};
}

}  // namespace

std::string ToJson(const plan::Plan& plan) {
  Json steps = Json::array(), waiting = Json::array(), conflicts = Json::array(), notices = Json::array();
  for (const plan::Step& step : plan.steps) steps.push_back(StepJson(step));
  for (const plan::Waiting& w : plan.waiting) {
    waiting.push_back({{"object", w.object}, {"for", w.for_what}, {"until", w.until}});
    if (w.ends_at < absl::InfiniteFuture()) waiting.back()["endsAt"] = json::Rfc3339(w.ends_at);
  }
  for (const plan::Conflict& c : plan.conflicts)
    conflicts.push_back({{"object", c.object}, {"reason", c.reason}});
  for (const plan::Notice& n : plan.notices)
    notices.push_back({{"object", n.object}, {"reason", n.reason}, {"message", n.message}});
  Json root = {{"inSync", plan.in_sync()}, {"steps", steps}, {"waiting", waiting}, {"conflicts", conflicts}};
  if (!notices.empty()) root["notices"] = notices;
  return json::Line(root);
}

}  // namespace spacelet::report

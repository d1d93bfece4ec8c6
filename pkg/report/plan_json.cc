#include "pkg/report/plan_json.h"

#include "pkg/report/json.h"
#include "pkg/report/plan_summary.h"
#include "pkg/report/plan_summary_json.h"

namespace spacelet::report {
namespace {

using json::Json;

Json StepJson(const PlanSummary::Step& step) {
  Json changes = Json::array();
  for (const plan::Change& change : step.changes)
    changes.push_back({{"field", change.field}, {"from", change.from}, {"to", change.to}});
  return {{"object", step.object}, {"operation", step.operation}, {"arguments", step.arguments},
          {"cause", step.cause},   {"waits", step.waits},         {"changes", std::move(changes)}};
}

PlanSummary::Step ReadStep(const Json& s) {
  PlanSummary::Step step{.object = json::Text(s, "object"),
                         .operation = json::Text(s, "operation"),
                         .arguments = json::Text(s, "arguments"),
                         .cause = json::Text(s, "cause"),
                         .changes = {},
                         .waits = json::Flag(s, "waits")};
  for (const Json& c : json::Member(s, "changes"))
    step.changes.push_back({json::Text(c, "field"), json::Text(c, "from"), json::Text(c, "to")});
  return step;
}

}  // namespace

Json PlanJson(const PlanSummary& plan) {
  Json steps = Json::array(), waiting = Json::array(), conflicts = Json::array(), notices = Json::array();
  for (const PlanSummary::Step& step : plan.steps) steps.push_back(StepJson(step));
  for (const plan::Waiting& w : plan.waiting) {
    waiting.push_back({{"object", w.object}, {"for", w.for_what}, {"until", w.until}, {"reason", w.reason}});
    if (w.ends_at < absl::InfiniteFuture()) waiting.back()["endsAt"] = json::Rfc3339(w.ends_at);
  }
  for (const plan::Conflict& c : plan.conflicts)
    conflicts.push_back({{"object", c.object}, {"reason", c.reason}});
  for (const plan::Notice& n : plan.notices)
    notices.push_back(
        {{"object", n.object}, {"reason", n.reason}, {"message", n.message}, {"blocks", n.blocks}});
  Json root = {{"inSync", plan.in_sync()}, {"steps", steps}, {"waiting", waiting}, {"conflicts", conflicts}};
  if (!notices.empty()) root["notices"] = notices;
  return root;
}

PlanSummary ReadPlan(const Json& root) {
  PlanSummary plan;
  for (const Json& s : json::Member(root, "steps")) plan.steps.push_back(ReadStep(s));
  for (const Json& w : json::Member(root, "waiting")) {
    plan.waiting.push_back(
        {json::Text(w, "object"), json::Text(w, "for"), json::Text(w, "until"), json::Text(w, "reason")});
    if (w.contains("endsAt")) plan.waiting.back().ends_at = json::Time(w, "endsAt");
  }
  for (const Json& c : json::Member(root, "conflicts"))
    plan.conflicts.push_back({json::Text(c, "object"), json::Text(c, "reason")});
  for (const Json& n : json::Member(root, "notices"))
    plan.notices.push_back({json::Text(n, "object"), json::Text(n, "reason"), json::Text(n, "message"),
                            json::Flag(n, "blocks")});
  return plan;
}

std::string ToJson(const plan::Plan& plan) { return json::Line(PlanJson(Summary(plan))); }

}  // namespace spacelet::report

// A plan's summary as a part of larger JSON. Private: only .cc files here include it.
#pragma once

#include <nlohmann/json.hpp>

#include "pkg/report/plan_summary.h"

namespace spacelet::report {

nlohmann::ordered_json PlanJson(const PlanSummary& plan);
PlanSummary ReadPlan(const nlohmann::ordered_json& root);  // lenient, as all readers here

}  // namespace spacelet::report

// A plan as the JSON of `spacelet plan -o json`.
#pragma once

#include <string>

#include "pkg/plan/plan.h"

namespace spacelet::report {

// {"inSync","steps":[{"object","operation","cause","changes":[{"field","from","to"}]}],
//  "waiting":[{"object","for","until"}],"conflicts":[{"object","reason"}]}, and
//  "notices":[{"object","reason","message"}]
// when there is one. Where time alone ends a wait, "endsAt" says when. One line; secrets are "***" since the
// planner.
std::string ToJson(const plan::Plan& plan);

}  // namespace spacelet::report

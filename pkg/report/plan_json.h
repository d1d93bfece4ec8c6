// A plan as JSON: that of `spacelet plan -o json`, and of each object in the status.
#pragma once

#include <string>

#include "pkg/plan/plan.h"

namespace spacelet::report {

// {"inSync","steps":[{"object","operation","arguments","cause","waits","changes":[{"field","from","to"}]}],
//  "waiting":[{"object","for","until","reason"}],"conflicts":[{"object","reason"}]}, and
//  "notices":[{"object","reason","message","blocks"}]
// when there is one. Where time alone ends a wait, "endsAt" says when. One line; secrets are "***" since the
// planner.
std::string ToJson(const plan::Plan& plan);

}  // namespace spacelet::report

// A plan as stable text, the same in tests, `spacelet plan`, logs and goldens. Values of secrets are never in
// it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {

// The operation's name as in SPEC 6: "PullImage", "CreateContainer", …
absl::string_view Name(const Operation& operation);
// Its arguments for people: "drone/drone-runner-aws:1.0.0-rc.310", "vm-runner (1.0.0-rc.310)", "vm-runner ->
// vm-runner.previous".
std::string Describe(const Operation& operation);
// One line a step, then what waits and conflicts:
//   container/vm-runner  CreateContainer vm-runner.next  (spec changed)
//       image: drone/drone-runner-aws:1.0.0-rc.309 -> drone/drone-runner-aws:1.0.0-rc.310
std::string ToText(const Plan& plan);

}  // namespace spacelet::plan

// One object field by field: what is desired, who says so, what is there, what follows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/config/load.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"

namespace spacelet::app {

struct ExplainedField {
  std::string field, desired;
  std::string source;  // "host.yaml:12", "runner profile", "default", "Docker"
  std::string actual, decision;
};

struct Explanation {
  std::string object;  // "container/vm-runner"
  std::vector<ExplainedField> fields;
  plan::Plan plan;  // of this object
};

// `object` is a key ("container/vm-runner", "network/harness"), a component ("runner") or a bare name. Pure.
// Errors: NotFound naming the objects of the document.
absl::StatusOr<Explanation> Explain(const std::string& object, const config::Loaded& loaded,
                                    const desired::Host& desired, const plan::ObservedState& observed);

// As a table.
std::string ToText(const Explanation& explanation);

}  // namespace spacelet::app

// What the grammar cannot say: rules between fields (errors), and what is allowed but likely a mistake
// (warnings).
#pragma once

#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/config/report.h"

namespace spacelet::config {

// A workload of the document with its place.
struct Placed {
  std::string path;       // "spec.containers[0]"
  std::string component;  // "runner", "delegate", or the container's name
  const api::Workload* workload = nullptr;
};
std::vector<Placed> Workloads(const api::Document& document);

// Requires: defaults are applied. `document` may be incomplete where `report` already has errors.
void Validate(const api::Document& document, Report& report);
void Lint(const api::Document& document, absl::Time today, Report& report);

// "25.03.85504" (also "25.03.85504.minimal") is of 2025-03.
struct ReleaseMonth {
  int year = 0, month = 0;
};
std::optional<ReleaseMonth> DelegateRelease(absl::string_view image);
// The N of drone-runner-aws:1.0.0-rc.N.
std::optional<int> RunnerReleaseCandidate(absl::string_view image);

}  // namespace spacelet::config

// Takes out of a plan what has happened too often lately, and says so in the plan. Pure.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/controller/spacing.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"

namespace spacelet::controller {

// How often things were done to each object. Names: "<object>" and "<object>/<field>".
struct Doings {
  Spacing fields{
      {.free = 5, .window = absl::Minutes(10), .first = absl::Seconds(30), .longest = absl::Minutes(10)}};
  // Starts of a container that had ended early. As Docker's own restarts, with the ordinary back-off.
  Spacing starts{
      {.free = 1, .window = absl::Minutes(1), .first = absl::Seconds(1), .longest = absl::Minutes(1)}};
  // Restarts of a container that was given up by its liveness probe. As the kubelet's: 10 s to 5 min, over
  // after ten quiet minutes.
  Spacing restarts{
      {.free = 1, .window = absl::Minutes(10), .first = absl::Seconds(10), .longest = absl::Minutes(5)}};
  // Plans executed at all: a guard against a difference that no repair takes away.
  Spacing acts{
      {.free = 60, .window = absl::Minutes(1), .first = absl::Seconds(1), .longest = absl::Minutes(1)}};

  // The first `done` steps of `plan` were executed.
  void Record(const plan::Plan& plan, size_t done, const plan::ObservedState& observed, base::Instant now);
  void Forget(const std::string& object);
};

// Removes the held fields of updates (Conflict with field and count), the starts of crashing containers and
// the restarts of those that are not alive (CrashLoopBackOff) and, when the object was acted on too often,
// every step. Returns how long until the first of it may be done; infinite when nothing was held back.
absl::Duration HoldBack(plan::Plan& plan, const plan::ObservedState& observed, const Doings& doings,
                        base::Instant now);

}  // namespace spacelet::controller

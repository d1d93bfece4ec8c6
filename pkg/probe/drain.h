// The work that a container has under way, read from its Prometheus metrics while it is waited for.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

// The sum of a metric's samples, whatever their labels, in a text exposition (Prometheus 0.0.4). Pure.
// Errors: NotFound there is none; DataLoss a value, or a sum, that is no finite number.
absl::StatusOr<double> SumOfSamples(absl::string_view exposition, absl::string_view metric);

struct Work {
  bool known = false;  // the metric answers
  double tasks = 0;
  bool operator==(const Work&) const = default;
};

// When the metric is read next and what its answers mean. Pure. Thread-safety: thread-compatible.
class Meter {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(2);
  static constexpr absl::Duration kRetry = absl::Milliseconds(500);  // after a failed attempt
  // One attempt that fails, in a pause of a garbage collector, must not end the wait for running tasks.
  static constexpr int kAttempts = 3;

  Meter(DrainMetric metric, base::Instant now) : metric_(std::move(metric)), begun_(now), due_(now) {}

  const DrainMetric& metric() const { return metric_; }
  base::Instant due() const { return due_; }
  base::Instant begun() const { return begun_; }
  // nullopt until it is decided: by an answer, or by as many attempts in a row without one. An answer that
  // lacks the metric decides at once, unless there was one that had it.
  std::optional<Work> work() const { return work_; }
  void Record(const absl::StatusOr<double>& sample, base::Instant now);

 private:
  DrainMetric metric_;
  base::Instant begun_, due_;
  int failures_ = 0;  // in a row
  std::optional<Work> work_;
};

}  // namespace spacelet::probe

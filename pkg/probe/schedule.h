// When a target is probed next and what its answers mean: Kubernetes' thresholds, pure, without a clock of
// its own.
#pragma once

#include <optional>
#include <string>

#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

// Until a target was first ready it is asked every 100 ms ×1.5 up to its period, so that a fast start is seen
// fast.
inline constexpr absl::Duration kFirstInterval = absl::Milliseconds(100);

// The life of one target, from its start to its end. Thread-safety: thread-compatible.
class Schedule {
 public:
  // `now`: when the target was first seen running.
  Schedule(const Target& target, base::Instant now);

  bool ready() const { return ready_; }
  // The probe to run next: the startup probe until it succeeded, then the readiness probe; null: nothing to
  // ask, a target without probes is ready as long as it runs.
  const api::Probe* probe() const;
  base::Instant due() const { return due_; }  // InfiniteFuture when probe() is null

  // Takes in the answer to probe() that came at `now`. Returns whether ready() changed.
  bool Record(bool success, base::Instant now);

 private:
  void Begin(base::Instant now);
  bool Judge(const api::Probe& probe, bool success, bool before);  // what the probe says now
  absl::Duration NextInterval(const api::Probe& probe);

  std::optional<api::Probe> startup_, readiness_;
  bool started_, ready_;
  bool ever_ready_ = false;
  int successes_ = 0, failures_ = 0;  // in a row
  absl::Duration interval_ = kFirstInterval;
  base::Instant due_;
};

}  // namespace spacelet::probe

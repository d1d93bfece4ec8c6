// When a target is asked what next and what its answers mean: Kubernetes' thresholds, pure, without a clock
// of its own.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

// Until a target was first ready it is asked every 100 ms ×1.5 up to its period, so that a fast start is seen
// fast.
inline constexpr absl::Duration kFirstInterval = absl::Milliseconds(100);

enum class Question { kStartup, kReadiness, kLiveness };

// The life of one target, from its start to its end. The startup probe holds back the other two.
// Thread-safety: thread-compatible.
class Schedule {
 public:
  // `now`: when the target was first seen running; `started`: when it started, which initialDelaySeconds
  // counts from.
  Schedule(const Target& target, base::Instant started, base::Instant now);

  // Whether it may be used; without a readiness probe it is ready once it has started.
  bool ready() const { return started() && (!readiness_ || readiness_->good); }
  // Why it is not; empty when ready. "not probed yet" before the first answer.
  std::string why_not_ready() const;
  // Why it has to be restarted: its liveness probe failed failureThreshold times in a row, or its startup
  // probe has not succeeded in failureThreshold periods. Empty: it need not, or it has recovered.
  std::string unalive() const;

  struct Due {
    Question question;
    const api::Probe* probe;
    base::Instant at;
  };
  // What to ask next and when; nullopt: nothing, ever. The pointer is good until the schedule goes.
  std::optional<Due> Next() const;

  // Takes in the answer to `question` that came at `now`. Unknown counts for nothing, FailedPrecondition for
  // readiness only: nothing is restarted because of it (Checker::Check).
  void Record(Question question, const absl::Status& answer, base::Instant now);
  // Asks at once: the target has another address.
  void AskAgain(base::Instant now);

 private:
  // One probe and what it says.
  struct Track {
    api::Probe probe;
    absl::Duration interval;  // to the next attempt, while it grows towards the period
    base::Instant begun, due;
    bool good = false;  // by the thresholds
    bool given_up = false;
    int successes = 0, failures = 0;  // in a row
    std::string message;              // of the last failure
  };
  void Begin(Track& track, absl::Duration interval, base::Instant now) const;
  static void Count(Track& track, bool success);
  static bool IsLast(Question question, const Track& track, base::Instant now);
  Track& TrackOf(Question question);
  void BeginTheOthers(base::Instant now);
  bool started() const { return !startup_ || startup_->good; }

  base::Instant started_at_;
  std::optional<Track> startup_, readiness_, liveness_;
};

}  // namespace spacelet::probe

// Tells metrics, events, status and log of each step that is executed.
#pragma once

#include <map>
#include <string>

#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/memory.h"
#include "pkg/controller/records.h"
#include "pkg/execute/execute.h"
#include "pkg/log/log.h"
#include "pkg/report/events.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"

namespace spacelet::controller {

// Thread-safety: thread-safe. References must outlive it.
class StepReporter : public execute::Listener {
 public:
  StepReporter(Memory& memory, const Records& records, report::StatusBoard& board, report::EventLog& events,
               report::Metrics& metrics, base::Clock& clock, log::Logger logger)
      : memory_(memory),
        records_(records),
        board_(board),
        events_(events),
        metrics_(metrics),
        clock_(clock),
        logger_(std::move(logger)) {}

  void StepStarted(const plan::Step& step) override;
  void StepFinished(const plan::Step& step, const absl::Status& status, absl::Duration took) override;
  void PullProgressed(const plan::Step& step, const docker::PullProgress& progress) override;

 private:
  // A pull that is under way.
  struct Pull {
    int64_t bytes = 0;  // counted so far
    absl::Time started_at;
    base::Instant logged;
    int64_t logged_percent = 0;
  };

  // Returns when it was begun.
  absl::Time CountPulled(const std::string& object, int64_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  bool WorthLogging(const std::string& object, const docker::PullProgress& progress) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteLimits(const plan::Operation& operation);
  void ForgetLimits(const plan::Operation& operation);

  Memory& memory_;
  const Records& records_;
  report::StatusBoard& board_;
  report::EventLog& events_;
  report::Metrics& metrics_;
  base::Clock& clock_;
  log::Logger logger_;
  base::Mutex mu_;
  std::map<std::string, Pull> pulls_ ABSL_GUARDED_BY(mu_);  // by object
};

}  // namespace spacelet::controller

// One look at one object: observe → plan → execute → report. What woke it is not known here, and what follows
// is decided by the caller (retry.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/controller/crashes.h"
#include "pkg/controller/images.h"
#include "pkg/controller/memory.h"
#include "pkg/controller/networks.h"
#include "pkg/controller/rollouts.h"
#include "pkg/desired/desired.h"
#include "pkg/execute/execute.h"
#include "pkg/observe/observe.h"
#include "pkg/plan/plan.h"
#include "pkg/probe/prober.h"
#include "pkg/report/events.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"

namespace spacelet::controller {

// How a look ended.
struct Outcome {
  enum class Kind {
    kInSync,
    kGone,         // neither wanted nor there
    kWaiting,      // nothing can be done now
    kSuspended,    // the document says to change nothing
    kActed,        // steps were executed: look again whether they helped
    kInterrupted,  // a newer document came while it worked
    kFailed,
  };
  Kind kind = Kind::kWaiting;
  absl::Status status = {};   // kFailed
  bool unobserved = false;    // kFailed: it could not even be looked at
  bool has_fallback = false;  // kFailed: a put-aside container, or a network's old settings, can come back
  std::string pulling = {};   // kFailed: the image whose pull failed
  absl::Duration look_again =
      absl::InfiniteDuration();  // kWaiting, kInSync: at the latest, without being woken
};

// Thread-safety: thread-safe; one key is never looked at twice at once.
class Reconciler {
 public:
  // `on_news`: called with a key whose readiness or rollout changed, or that is gone, when everything knows
  // it: who depends on it should look again. References must outlive it.
  Reconciler(Crashes& crashes, observe::Observer& observer, execute::Executor& executor,
             probe::Prober& prober, Memory& memory, Images& images, report::StatusBoard& board,
             report::EventLog& events, report::Metrics& metrics, Rollouts& rollouts, Networks& networks,
             report::Redact redact, std::function<void(const std::string& key)> on_news);

  // `interrupt`: a newer document changed the object. `shutdown`: the agent stops; ends every call.
  Outcome Reconcile(const std::string& key, const std::stop_token& interrupt,
                    const std::stop_token& shutdown);

  struct Reviewed {
    plan::Plan plan;
    bool needs_log = false;  // to be told: nothing was reported, Reconcile reads it
  };
  // The first half only, of what a snapshot of everything says of this key (plan::Partition): plans and
  // reports, executes nothing and asks Docker nothing.
  Reviewed Review(const std::string& key, std::shared_ptr<const desired::Host> host,
                  plan::ObservedState observed);

 private:
  struct Look;
  Look Judge(const std::string& key, std::shared_ptr<const desired::Host> host, plan::ObservedState observed,
             Logs logs, const std::stop_token& shutdown);
  Outcome Act(const Look& look, const std::stop_token& interrupt, const std::stop_token& shutdown);
  void Watch(const Look& look);
  void KeepHistories(Look& look, const std::stop_token& shutdown);
  void QuoteLastLines(const Look& look, api::RolloutHistory& history, const std::stop_token& shutdown);
  void FillProbes(Look& look) const;
  void Publish(Look& look);
  Crash CrashOf(const Look& look, Logs logs, const std::stop_token& shutdown);
  void KeepError(const Look& look, report::ObjectStatus& status);
  void RecordEvents(const Look& look, const report::ObjectStatus& status) const;
  void CountState(const Look& look, const report::ObjectStatus& status);
  absl::Duration LookAgain(const Look& look);
  // --- tidy.cc
  absl::Duration Tidy(const std::string& key, const desired::Host& host, const plan::ObservedState& observed,
                      const std::stop_token& interrupt, const std::stop_token& shutdown);
  absl::Duration RemoveOldImages(const std::string& key, const desired::Host& host,
                                 const std::stop_token& interrupt, const std::stop_token& shutdown);
  Outcome Gone(const Look& look);
  Outcome Waiting(const Look& look);
  bool GivesUpNetwork(const Look& look, const execute::Report& report);
  Outcome AfterSteps(const Look& look, const execute::Report& report, const std::stop_token& interrupt);
  Outcome Unobserved(const std::string& key, const absl::Status& status);

  Crashes& crashes_;
  observe::Observer& observer_;
  execute::Executor& executor_;
  probe::Prober& prober_;
  Memory& memory_;
  Images& images_;
  report::StatusBoard& board_;
  report::EventLog& events_;
  report::Metrics& metrics_;
  Rollouts& rollouts_;
  Networks& networks_;
  const report::Redact redact_;
  const std::function<void(const std::string& key)> on_news_;
};

}  // namespace spacelet::controller

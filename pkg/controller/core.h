// The machinery behind Controller. Private to this package.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/mutex.h"
#include "pkg/base/sleeper.h"
#include "pkg/controller/controller.h"
#include "pkg/controller/memory.h"
#include "pkg/controller/networks.h"
#include "pkg/controller/reconciler.h"
#include "pkg/controller/records.h"
#include "pkg/controller/step_reporter.h"
#include "pkg/controller/tag_watch.h"
#include "pkg/plan/partition.h"
#include "pkg/workqueue/queue.h"

namespace spacelet::controller {

// The longest a look may take: a stop with a long grace period. Every call in it has its own deadline.
inline constexpr absl::Duration kLongestLook = absl::Hours(1);

class Controller::Core {
 public:
  Core(Parts parts, Options options);

  absl::Status RunWorker(const std::stop_token& stop);
  absl::Status RunEvents(const std::stop_token& stop);
  absl::Status RunResync(const std::stop_token& stop);
  absl::Status RunInputs(const std::stop_token& stop);
  absl::Status RunTags(const std::stop_token& stop) { return tags_.Run(stop); }

  void OnDocument(const std::shared_ptr<const source::Snapshot>& snapshot) ABSL_LOCKS_EXCLUDED(mu_);
  void OnAttempt(const source::Attempt& attempt);
  void OnFileChanged() { inputs_sleep_.Wake(); }
  void ReconcileAll();
  void TryAgain();
  Progress GetProgress() const;

 private:
  // --- core.cc: documents and the queue
  bool Adopt(const std::shared_ptr<const source::Snapshot>& snapshot, desired::Compiled compiled)
      ABSL_LOCKS_EXCLUDED(mu_);
  void ReportDocument(const source::Snapshot& snapshot, const desired::Compiled& compiled);
  void ReportWarnings(const source::Snapshot& snapshot, const desired::Compiled& compiled);
  void AnnounceObjects(const desired::Host& host);
  void CheckInputs(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::string> KnownKeys() const;
  std::vector<std::string> WithKnown(std::vector<std::string> keys) const;
  void Enqueue(const std::string& key);
  void QueueAll();
  void QueueDependents(const std::string& key);
  void Work(const std::string& key, const std::stop_token& stop);
  void Follow(const std::string& key, const Outcome& outcome, const std::stop_token& stop);
  void FollowFailure(const std::string& key, const Outcome& outcome);
  void UpdateObservedGeneration();
  void OnTagNews(const std::string& reference, const std::string& error);

  // --- wakers.cc: the daemon, its events, the resync
  enum class Docker { kUnknown, kUp, kDown };
  absl::Status CheckDocker(const std::stop_token& stop);  // pings; returns the ping's status
  // Reads how an engine is set up that was not there before.
  absl::Status GetToKnow(const docker::EngineInfo& info, const std::stop_token& stop)
      ABSL_LOCKS_EXCLUDED(mu_);
  bool DockerUp(const docker::EngineInfo& info) ABSL_LOCKS_EXCLUDED(mu_);  // whether it was not up before
  void DockerDown(const absl::Status& ping) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsUp() const ABSL_LOCKS_EXCLUDED(mu_);
  void ScanRivals(const std::stop_token& stop);
  bool CheckToListen(const std::stop_token& stop);
  bool Listen(const std::stop_token& stop);  // until the stream ends; whether it lasted
  void OnOpen(const std::stop_token& stop);
  void OnEvent(const docker::Event& event);
  void NoteUncleanStop(const docker::Event& event, const desired::Host& host);
  void OnForeignEvent(const docker::Event& event);
  void Resync(const std::stop_token& stop);
  void LookAtAll(const std::shared_ptr<const desired::Host>& host, uint64_t looks,
                 const std::stop_token& stop);
  void ForgetLimitsOfTheGone(const state::LimitsSet& before, const plan::ObservedState& snapshot);
  void ReviewKey(const std::string& key, const std::shared_ptr<const desired::Host>& host,
                 const plan::Partition& snapshot, uint64_t looks) ABSL_LOCKS_EXCLUDED(review_mu_);

  Parts parts_;
  const Options options_;
  Records records_;
  Memory memory_;
  Rollouts rollouts_;
  Networks networks_;
  Images images_;
  TagWatch tags_;
  StepReporter reporter_;
  execute::Executor executor_;
  Crashes crashes_;
  Reconciler reconciler_;
  workqueue::WorkQueue queue_;
  workqueue::BackOff errors_;
  base::Sleeper events_sleep_, resync_sleep_, inputs_sleep_;
  std::map<std::string, uint64_t> secret_versions_;  // by container; RunInputs only
  std::atomic<int> workers_{0};
  std::atomic<bool> listened_{false};    // the event stream was open at some time
  std::atomic<bool> discovered_{false};  // one full look at the host was had: every owned object is known
  // Held by a review, and to begin a look: of two that publish the same object the one that saw it later is
  // last. Docker is not asked under it.
  base::Mutex review_mu_;
  mutable base::Mutex mu_;
  std::shared_ptr<const source::Snapshot> snapshot_ ABSL_GUARDED_BY(mu_);
  Docker docker_ ABSL_GUARDED_BY(mu_) = Docker::kUnknown;
  docker::EngineInfo known_engine_ ABSL_GUARDED_BY(mu_);  // whose settings were read
  std::stop_source listening_ ABSL_GUARDED_BY(mu_);       // ends the event stream that is open
};

}  // namespace spacelet::controller

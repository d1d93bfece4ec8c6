// Probes every running container by its schedule and tells of each change of readiness.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/probe/checker.h"
#include "pkg/probe/schedule.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

struct Result {
  bool ready = false;
  bool was_ready = false;  // at some time since its start
  std::string message;     // why not, of the last answer; empty when ready
  bool operator==(const Result&) const = default;
};

// Liveness restarts will be one more reader of the answers here. Thread-safety: thread-safe; nothing but Run
// blocks.
class Prober {
 public:
  // Probes that run side by side. A target that hangs holds one of them for its timeout at most, so with more
  // hung targets than this the others wait for at most one timeout.
  static constexpr int kWorkers = 4;

  // Both must outlive the prober.
  Prober(Checker& checker, base::Clock& clock);

  // Called without the lock, from a probing thread, at each change and at each first answer of a target. Set
  // before use.
  void OnResult(std::function<void(const std::string& container, const Result& result)> listener);

  // Starts or goes on probing a running container. The same target again changes nothing; another one of that
  // name (restarted, replaced, another probe or address) begins afresh as not ready, or as ready when it has
  // no probes.
  void Watch(const Target& target) ABSL_LOCKS_EXCLUDED(mu_);
  // It no longer runs.
  void Forget(const std::string& container) ABSL_LOCKS_EXCLUDED(mu_);

  // Container name → newest result, of the containers that are watched.
  std::map<std::string, Result> Results() const ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<Result> ResultOf(const std::string& container) const ABSL_LOCKS_EXCLUDED(mu_);

  // Probes until `stop`, with kWorkers threads of which this is one. Returns OK.
  absl::Status Run(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Watched {
    Target target;
    Schedule schedule;
    Result result;
    bool in_flight = false;
    bool answered = false;
  };
  struct Job {
    Target target;
    api::Probe probe;
  };
  void Work(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<Job> TakeDue(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  void Finish(const Job& job, const absl::Status& answer) ABSL_LOCKS_EXCLUDED(mu_);

  Checker& checker_;
  base::Clock& clock_;
  std::function<void(const std::string&, const Result&)> on_result_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::map<std::string, Watched> watched_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::probe

// Probes every running container by its schedule, reads the work of those that are drained, and tells of each
// change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/probe/checker.h"
#include "pkg/probe/drain.h"
#include "pkg/probe/schedule.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

struct Result {
  bool ready = false;
  bool was_ready = false;            // at some time since its start
  std::string message = "";          // why not, of the last answer; empty when ready
  std::string unalive = "";          // why it has to be restarted (Schedule::unalive); empty: it need not
  base::Instant ready_since = {};    // when ready
  base::Instant watched_since = {};  // the first look at this life of it
  // As the wall clocks said at the first look. Whatever they are set to afterwards, it does not age by it.
  base::Instant started = {};
  std::optional<Work> work = std::nullopt;  // while the target's drain is set, once it is decided
  base::Instant asked_since = {};           // for that work
  bool operator==(const Result&) const = default;
};

// Thread-safety: thread-safe; nothing but Run blocks, and Run holds no lock while a probe is under way.
class Prober {
 public:
  // Probes that run side by side. A target is asked one question at a time, so that one that hangs holds one
  // of them for its timeout at most; with more hung targets than this the others wait for at most one
  // timeout.
  static constexpr int kWorkers = 4;

  // Both must outlive the prober.
  Prober(Checker& checker, base::Clock& clock);

  // Called without the lock, from a probing thread, at each change and at each first answer of a target. Set
  // before use.
  void OnResult(std::function<void(const std::string& workload, const Result& result)> listener);

  // The running containers of a workload, the one that serves first; those of it that are not among them any
  // more are forgotten. A target that is known goes on; in another life (started again, other probes) it
  // begins afresh as not ready, or as ready when it has no probes.
  void Watch(const std::string& workload, const std::vector<Target>& targets) ABSL_LOCKS_EXCLUDED(mu_);
  // None of it runs.
  void Forget(const std::string& workload) { Watch(workload, {}); }

  // The newest result of a container that is watched.
  std::optional<Result> ResultOf(const std::string& container_id) const ABSL_LOCKS_EXCLUDED(mu_);
  // Whether the serving container of a workload is ready; nullopt: none is watched.
  std::optional<bool> IsReady(const std::string& workload) const ABSL_LOCKS_EXCLUDED(mu_);

  base::Instant Now() const { return clock_.Monotonic(); }  // the clock of the results

  // Probes until `stop`, with kWorkers threads of which this is one. Returns OK.
  absl::Status Run(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Watched {
    std::string workload;
    bool serves = false;
    Target target;
    Schedule schedule;
    std::optional<Meter> meter;
    Result result;
    uint64_t round = 0;  // answers to questions of another round are about something that is gone
    bool in_flight = false;
    bool answered = false;
  };
  struct ProbeJob {
    Question question;
    api::Probe probe;
  };
  struct Job {
    Target target;
    uint64_t round;
    std::variant<ProbeJob, DrainMetric> what;
  };
  static base::Instant DueOf(const Watched& watched);
  static Job JobOf(const Watched& watched);
  void WatchOne(const std::string& workload, const Target& target, bool serves)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Begin(const std::string& workload, const Target& target, bool serves)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Drain(Watched& watched, const std::optional<DrainMetric>& metric) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Judge(Watched& watched) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Watched* NextDue(base::Instant& due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Work(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<Job> TakeDue(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  void Do(const Job& job, const std::stop_token& stop);
  void Finish(const Job& job, const std::function<void(Watched&, base::Instant)>& record)
      ABSL_LOCKS_EXCLUDED(mu_);

  Checker& checker_;
  base::Clock& clock_;
  std::function<void(const std::string&, const Result&)> on_result_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::map<std::string, Watched> watched_ ABSL_GUARDED_BY(mu_);  // by container id
  uint64_t rounds_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace spacelet::probe

// Where the controller writes what it knows and everybody else reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/report/redact.h"
#include "pkg/report/status.h"

namespace spacelet::report {

// Keeps the host's Ready condition in step with everything else. Every message is redacted and made one line
// where it enters. Thread-safety: thread-safe; no I/O under the lock.
class StatusBoard {
 public:
  // `clock` must outlive the board.
  StatusBoard(base::Clock& clock, Redact redact, std::string agent_version);

  void SetName(std::string name) ABSL_LOCKS_EXCLUDED(mu_);
  // Changes the config part in place: `change` runs under the lock. observed_generation only ever grows,
  // whatever `change` does.
  void UpdateConfig(const std::function<void(ConfigStatus&)>& change) ABSL_LOCKS_EXCLUDED(mu_);
  void SetDocker(DockerStatus docker) ABSL_LOCKS_EXCLUDED(mu_);
  // A host condition; its transition time is set here.
  void SetCondition(absl::string_view type, Truth status, absl::string_view reason, std::string message)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Adds or replaces an object; the transition times of its conditions are set here, and an absent
  // last_rollout or pull keeps the one that is known.
  void SetObject(ObjectStatus object) ABSL_LOCKS_EXCLUDED(mu_);
  // One condition of an object that is known; does nothing for another.
  void SetObjectCondition(const std::string& object, absl::string_view type, Truth status,
                          absl::string_view reason, std::string message) ABSL_LOCKS_EXCLUDED(mu_);
  // What is being pulled for an object that is known, or that nothing is any more.
  void SetObjectPull(const std::string& object, std::optional<PullStatus> pull) ABSL_LOCKS_EXCLUDED(mu_);
  // Turns every condition of every object to Unknown, and forgets its plan: nothing is known while Docker is
  // away.
  void SetObjectsUnknown(absl::string_view reason, const std::string& message) ABSL_LOCKS_EXCLUDED(mu_);
  void RemoveObject(const std::string& object) ABSL_LOCKS_EXCLUDED(mu_);

  Status Snapshot() const ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<ObjectStatus> Object(const std::string& object) const ABSL_LOCKS_EXCLUDED(mu_);
  // Which of them was last seen with this id; empty: none.
  std::string ObjectOf(const std::string& id) const ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::string> Objects() const ABSL_LOCKS_EXCLUDED(mu_);

  // Counts the changes; a call that changes nothing does not count.
  uint64_t version() const ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until version() differs from `seen`, the deadline passes or `stop`; returns version(). For --watch
  // and apply.
  uint64_t WaitForChange(uint64_t seen, base::Instant deadline, const std::stop_token& stop) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string Clean(std::string text) const;
  void CleanPlan(PlanSummary& plan) const;

  base::Clock& clock_;
  const Redact redact_;
  mutable base::Mutex mu_;
  mutable base::CondVar changed_;
  Status status_ ABSL_GUARDED_BY(mu_);
  uint64_t version_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace spacelet::report

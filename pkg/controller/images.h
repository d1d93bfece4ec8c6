// What the controller remembers about images: which could not be fetched and wait, what registries say of
// tags that are followed, and which ones the workloads have run on. What it means is decided by plan/image.h.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/api/used_image.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/records.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/operation.h"
#include "pkg/workqueue/queue.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class Images {
 public:
  // References must outlive it. Loads which images the last agent has seen in use.
  Images(base::Clock& clock, const Records& records);

  void FillFacts(const desired::Container& want, plan::Facts& facts) const ABSL_LOCKS_EXCLUDED(mu_);

  // The pull or load of an image failed; `cause` as it came, `message` for people. The next try waits 5 s ×2
  // to 5 min; where only the registry's owner can help 30 s ×2 to 5 min; after a 429 2 min ×2 to 15 min, or
  // what the registry asks for.
  void FetchFailed(const plan::Operation& operation, const absl::Status& cause, std::string message)
      ABSL_LOCKS_EXCLUDED(mu_);
  // What its registry said of it is used up, too.
  void Fetched(const plan::Operation& operation) ABSL_LOCKS_EXCLUDED(mu_);
  // A change, or a person, may have healed it: nothing waits any more.
  void ForgetFailures() ABSL_LOCKS_EXCLUDED(mu_);
  void ForgetFailure(const std::string& reference) ABSL_LOCKS_EXCLUDED(mu_);
  std::string Error(const std::string& reference) const ABSL_LOCKS_EXCLUDED(mu_);
  absl::Duration Wait(const std::string& reference) const ABSL_LOCKS_EXCLUDED(mu_);

  // What a registry says of a tag now. Returns whether that is news.
  bool Answered(const std::string& reference, const plan::RemoteDigest& answer) ABSL_LOCKS_EXCLUDED(mu_);

  // The workload runs on this image, by this reference.
  void Used(const std::string& container, const std::string& reference, const std::string& image_id)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Every image that it has run on, newest first, when some of them may be due for removal; else empty.
  std::vector<api::UsedImage> DueForRemoval(const std::string& container) const ABSL_LOCKS_EXCLUDED(mu_);
  // It was tried: nothing is due until the workload runs on another image. `gone`: ids that are not here.
  void Removed(const std::string& container, const std::set<std::string>& gone) ABSL_LOCKS_EXCLUDED(mu_);
  // Docker refused; the time until the next try, 1 min ×2 to 1 h.
  absl::Duration RemovalFailed(const std::string& container) { return removals_.Next(container); }

 private:
  struct Failure {
    base::Instant until;
    std::string error;
    bool away = false;  // the registry, and its archive was not tried
  };
  workqueue::BackOff& BackOffFor(const absl::Status& cause);
  void ResetBackOff(const std::string& reference);
  void Save() const;

  base::Clock& clock_;
  const Records& records_;
  workqueue::BackOff brisk_, slow_, limited_;  // by reference
  workqueue::BackOff removals_;                // by container
  mutable base::Mutex mu_;
  std::map<std::string, Failure> failures_ ABSL_GUARDED_BY(mu_);            // by reference
  std::map<std::string, plan::RemoteDigest> remotes_ ABSL_GUARDED_BY(mu_);  // by reference
  api::UsedImages used_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> due_ ABSL_GUARDED_BY(mu_);  // containers
};

}  // namespace spacelet::controller

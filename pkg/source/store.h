// The document in force: the last one that was accepted. A missing, unreadable or invalid one changes nothing
// but the condition.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/api/reasons.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/config/load.h"

namespace spacelet::source {

// One version of the document, as its source read it.
struct Version {
  std::string bytes = {};
  std::string file_name = {};  // for diagnostics
  std::string commit = {};     // git only: the full id; its removals do not wait for --prune-delay
  // Reads a file of the same version, beside the document, by its relative path. Null: there are none.
  std::function<absl::StatusOr<std::string>(const std::string& relative_path)> read = {};
};

// An accepted document. Immutable.
struct Snapshot {
  api::Document document;
  std::string bytes;       // as it was read
  std::string revision;    // "sha256:<hex>" of bytes
  std::string commit;      // git only
  int64_t generation = 0;  // +1 per accepted change
  absl::Time accepted_at;
  std::vector<config::Diagnostic> warnings;
  bool prune_at_once = false;  // apply and git: dropped workloads do not wait for --prune-delay
};

// How the newest attempt to read the document ended.
struct Attempt {
  // kUnreachable: nothing was seen, so what is in force may well be the newest.
  enum class Result { kAccepted, kUnchanged, kRejected, kUnreadable, kUnreachable, kNone };
  Result result = Result::kNone;
  std::string reason;    // one of api::reason
  bool stands = false;   // what is in force is the newest document that was seen
  std::string commit;    // git only: of the version that was looked at
  std::string revision;  // of the bytes that were looked at; empty when unreadable
  std::string error;     // one line: first error with line and column, and how many more; empty when accepted
  std::vector<config::Diagnostic> diagnostics;
  absl::Time at;
};

// Thread-safety: thread-safe. Listeners are called without the lock, from the offering thread.
class Store {
 public:
  explicit Store(base::Clock& clock);

  // Called after each accepted change. Set before any offer.
  void OnAccepted(std::function<void(std::shared_ptr<const Snapshot>)> listener);
  // Called after each attempt, accepted or not.
  void OnAttempt(std::function<void(const Attempt&)> listener);

  // Puts the kept document of an earlier run in force, before any offer, so that a broken file at boot
  // changes nothing. It is no attempt; the generation goes on from `generation`. Errors: InvalidArgument when
  // it is not valid (any more); then nothing is in force.
  absl::Status Restore(const Version& version, int64_t generation) ABSL_LOCKS_EXCLUDED(mu_);

  // Loads and, when valid and different, takes it. Returns the attempt.
  Attempt Offer(const Version& version) ABSL_LOCKS_EXCLUDED(mu_);
  // There is a newer version and it cannot be read, or must not be taken; what is in force stays. `reason`:
  // one of api::reason.
  void Unreadable(std::string error, absl::string_view reason = api::reason::kUnreadable)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Whether there is a newer version could not be found out; what is in force stays, and stands when it did.
  void Unreachable(std::string error, absl::string_view reason) ABSL_LOCKS_EXCLUDED(mu_);

  std::shared_ptr<const Snapshot> Latest() const ABSL_LOCKS_EXCLUDED(mu_);  // null before the first
  Attempt LastAttempt() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Attempt Finish(Attempt attempt) ABSL_LOCKS_EXCLUDED(mu_);

  base::Clock& clock_;
  std::function<void(std::shared_ptr<const Snapshot>)> on_accepted_;
  std::function<void(const Attempt&)> on_attempt_;
  mutable base::Mutex mu_;
  std::shared_ptr<const Snapshot> latest_ ABSL_GUARDED_BY(mu_);
  Attempt last_attempt_ ABSL_GUARDED_BY(mu_);
  std::string refused_
      ABSL_GUARDED_BY(mu_);  // error of the newest version that was seen; empty: it is in force
};

}  // namespace spacelet::source

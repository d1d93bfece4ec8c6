// The document in force: the last one that was accepted. A missing, unreadable or invalid one changes nothing
// but the condition.
#pragma once

#include <functional>
#include <map>
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
#include "pkg/state/state.h"

namespace spacelet::source {

// One version of the document, as its source read it.
struct Version {
  std::string bytes = {};
  std::string file_name = {};  // for diagnostics
  std::string commit = {};     // git only: the full id; its removals do not wait for --prune-delay
  bool from_git = false;       // also when the commit is not known
  // Reads a file of the same version, beside the document, by its relative path, as config::Input says. Null:
  // there are none.
  std::function<absl::StatusOr<std::string>(const std::string& relative_path)> read = {};
  std::string directory = {};  // where it lies on this host, absolute; empty: not on this host
  // Whether what was read is still what stands there, asked once everything is read. Null: it cannot change.
  std::function<bool()> is_whole = {};
};

// Whether whoever changes the repository wrote it, and not somebody on this host.
bool IsFromGit(const Version& version);

// What was kept of a version; beside it there is what it was made of, and nothing else.
Version VersionOf(const state::LastGood& kept);

// For config::Load.
config::Input InputOf(const Version& version, absl::Time today, const config::AskFact& fact);

// The text of each file of it that was read, by the name that diagnostics have for it.
std::map<std::string, std::string> TextsOf(const Version& version, const config::Loaded& loaded);

// The same version with what is in `files` beside the document, and nothing else.
Version WithFiles(Version version, config::Files files);

// What is against a valid document on this host: the local policy. Called from offering threads; null:
// nothing.
using Admit = std::function<std::vector<config::Diagnostic>(const config::Loaded&, const Version&)>;

// An accepted document. Immutable.
struct Snapshot {
  api::Document document;
  std::string bytes;      // as it was read
  config::Files files;    // what was read beside it: overlays; from git, the pool
  config::Facts facts;    // what was used of the host
  std::string file_name;  // for diagnostics
  std::string directory;  // where it lies on this host; empty: not on this host
  std::string revision;   // config::RevisionOf
  std::string commit;     // git only
  bool from_git = false;
  int64_t generation = 0;  // +1 per accepted change
  absl::Time accepted_at;
  std::vector<config::Diagnostic> warnings;
  bool prune_at_once = false;  // apply and git: dropped workloads do not wait for --prune-delay
};

// How the newest attempt to read the document ended.
struct Attempt {
  // kForbidden: valid, and not admitted on this host. kUnreachable: nothing was seen, so what is in force may
  // well be the newest. kWaiting: it cannot be told yet whether it is valid, for want of a fact of the host;
  // to be offered again after a while. kNone: there was none (yet).
  enum class Result {
    kAccepted,
    kUnchanged,
    kRejected,
    kForbidden,
    kUnreadable,
    kUnreachable,
    kWaiting,
    kNone
  };
  Result result = Result::kNone;
  std::string reason;    // one of api::reason
  bool stands = false;   // what is in force is the newest document that was seen
  std::string commit;    // git only: of the version that was looked at
  std::string revision;  // of what was looked at; empty when unreadable
  std::string error;     // one line: first error with line and column, and how many more; empty when accepted
  std::vector<config::Diagnostic> diagnostics;
  absl::Time at;
};

// Thread-safety: thread-safe. Listeners are called without the lock, from the offering thread.
class Store {
 public:
  // `fact`: what documents may say of this host; asked from the offering thread. Null: nothing is known.
  explicit Store(base::Clock& clock, config::AskFact fact = nullptr, Admit admit = nullptr);

  // Called after each accepted change. Set before any offer.
  void OnAccepted(std::function<void(std::shared_ptr<const Snapshot>)> listener);
  // Called after each attempt, accepted or not.
  void OnAttempt(std::function<void(const Attempt&)> listener);

  // Puts the kept document of an earlier run in force, before any offer, so that a broken file at boot
  // changes nothing: with the files and the facts that were kept with it, and no others. It is no attempt;
  // the generation goes on from that of `kept`. Errors: InvalidArgument when it is not valid (any more);
  // PermissionDenied when it is not admitted, which is an attempt; then nothing is in force.
  absl::Status Restore(const state::LastGood& kept) ABSL_LOCKS_EXCLUDED(mu_);

  // Loads and, when valid and different, takes it. Returns the attempt; kNone, which nobody is told, when it
  // was changed while it was read: offer it again.
  Attempt Offer(const Version& version) ABSL_LOCKS_EXCLUDED(mu_);
  // Asks again for the document in force. It stays in force; that it is not admitted is an attempt.
  void Recheck() ABSL_LOCKS_EXCLUDED(mu_);
  // There is a newer version and it cannot be read, or must not be taken; what is in force stays. `reason`:
  // one of api::reason.
  void Unreadable(std::string error, absl::string_view reason = api::reason::kUnreadable)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Whether there is a newer version could not be found out; what is in force stays, and stands when it did.
  void Unreachable(std::string error, absl::string_view reason) ABSL_LOCKS_EXCLUDED(mu_);

  std::shared_ptr<const Snapshot> Latest() const ABSL_LOCKS_EXCLUDED(mu_);  // null before the first
  Attempt LastAttempt() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Whether `loaded` is admitted; else finishes `attempt`, which it then describes.
  bool Admits(const config::Loaded& loaded, const Version& version, Attempt& attempt)
      ABSL_LOCKS_EXCLUDED(mu_);
  Attempt Finish(Attempt attempt) ABSL_LOCKS_EXCLUDED(mu_);

  base::Clock& clock_;
  const config::AskFact fact_;
  const Admit admit_;
  std::function<void(std::shared_ptr<const Snapshot>)> on_accepted_;
  std::function<void(const Attempt&)> on_attempt_;
  mutable base::Mutex mu_;
  std::shared_ptr<const Snapshot> latest_ ABSL_GUARDED_BY(mu_);
  Attempt last_attempt_ ABSL_GUARDED_BY(mu_);
  std::string refused_
      ABSL_GUARDED_BY(mu_);  // error of the newest version that was seen; empty: it is in force
};

}  // namespace spacelet::source

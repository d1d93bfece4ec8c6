// The state directory (/var/lib/spacelet): what the agent remembers between two runs. It is a cache: whatever
// is missing, torn or unreadable costs convenience, never a container.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/base/mutex.h"
#include "pkg/state/records.h"

namespace spacelet::state {

// Each record is one file with a checksum, mode 0600, old or new and never torn.
// Errors of Save*: as base::WriteFileAtomically (disk full, read-only: Unavailable); the old record stays.
// Report them; they stop nothing, and WriteAgain makes them good. Errors of Load*: NotFound never saved;
// DataLoss torn, changed or not ours, with the reason; else as base::ReadFile. Thread-safety: thread-safe; of
// two Saves of one record at once, one wins.
class Directory {
 public:
  explicit Directory(std::string path);

  // Makes the directory (0700) and removes what writes that a crash cut have left. Errors: as
  // base::MakeDirectories.
  absl::Status Prepare() const;

  // Writes what could not be written when it was saved. OK: everything that was saved is on the disk. Cheap
  // then.
  absl::Status WriteAgain() const ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status SaveLastGood(const LastGood& last_good) const;
  absl::StatusOr<LastGood> LoadLastGood() const;

  absl::Status SaveLimitsSet(const LimitsSet& limits) const;
  absl::StatusOr<LimitsSet> LoadLimitsSet() const;

  absl::Status SaveRollouts(const Rollouts& rollouts) const;
  absl::StatusOr<Rollouts> LoadRollouts() const;

  absl::Status SaveNetworks(const Networks& networks) const;
  absl::StatusOr<Networks> LoadNetworks() const;

  absl::Status SaveUsedImages(const UsedImages& images) const;
  absl::StatusOr<UsedImages> LoadUsedImages() const;

  absl::Status SaveNotified(const Notified& notified) const;
  absl::StatusOr<Notified> LoadNotified() const;

  // Keys the digests of secrets' values in the history of rollouts, so that the file tells nobody a secret by
  // its digest. Made at the first call: another one in each process while it cannot be kept.
  std::string DigestKey() const;

 private:
  absl::Status Write(const std::string& name, const absl::StatusOr<std::string>& file) const
      ABSL_LOCKS_EXCLUDED(mu_);

  const std::string path_;
  mutable base::Mutex mu_;                                                     // held while a file is written
  mutable std::map<std::string, std::string> unwritten_ ABSL_GUARDED_BY(mu_);  // name -> the whole file
};

}  // namespace spacelet::state

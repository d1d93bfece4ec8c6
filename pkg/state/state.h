// The state directory (/var/lib/spacelet): what the agent remembers between two runs. It is a cache: whatever
// is missing, torn or unreadable costs convenience, never a container.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/api/network_history.h"
#include "pkg/api/rollout.h"
#include "pkg/api/used_image.h"
#include "pkg/base/mutex.h"

namespace spacelet::state {

// The last document that was accepted, to start from when there is none at boot: with everything that it was
// made of, so that neither the files beside it nor the cloud's metadata service have to be there. Records of
// version 0.2 and before have only the first four members.
struct LastGood {
  std::string bytes;           // as it was read; valid UTF-8, or it would not have been accepted
  std::string revision;        // of the bytes and the files
  int64_t generation = 0;      // grows over restarts
  std::string source;          // where it came from, as given to --config
  std::string commit = {};     // git only
  std::string file_name = {};  // for diagnostics; empty: `source`
  std::string directory = {};  // where it lay on this host; empty: not on this host
  std::map<std::string, std::string> files = {};  // read beside it: relative path -> bytes, valid UTF-8
  std::map<std::string, std::string> facts = {};  // of the host, that were used: name -> value
  bool operator==(const LastGood&) const = default;
};

// Which limits the agent itself set by updating a container in place: container id -> "cpus", "memory".
// Docker cannot take such a limit away again, and only who knows that it was not somebody else's may replace
// the container for it.
using LimitsSet = std::map<std::string, std::set<std::string>>;

// By container name.
using Rollouts = std::map<std::string, api::RolloutHistory>;

// By network name.
using Networks = std::map<std::string, api::NetworkHistory>;

using UsedImages = api::UsedImages;

// What somebody was notified of and is not over: key -> message.
using Notified = std::map<std::string, std::string>;

// Each record is one file with a checksum, mode 0600, old or new and never torn.
// Errors of Save*: as base::WriteFileAtomically (disk full, read-only: Unavailable); the old record stays.
// Report them; they stop nothing, and WriteAgain makes them good. Errors of Load*: NotFound never saved;
// DataLoss torn, changed or not ours, with the reason; else as base::ReadFile. Thread-safety: thread-safe; of
// two Saves of one record at once, the later one wins.
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

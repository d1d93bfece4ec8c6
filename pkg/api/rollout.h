// What the agent remembers of the replacements of one container: how the last one ended and which attempts
// have failed. Persisted (pkg/state); losing it costs the quarantine and the history, never a container.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace spacelet::api {

// What was tried. While all of it stays the same, so will the result.
struct Fingerprint {
  std::string spec_hash;  // the pool's content is in it: its path is content-addressed
  std::string image_id;   // of this daemon: a moved tag is another attempt
  std::string secrets;    // keyed digest of the secrets' values; empty without secrets
  bool operator==(const Fingerprint&) const = default;
};

// An attempt that failed, and is not made again.
struct FailedAttempt {
  Fingerprint tried;
  std::string image, message;  // reference as in the document; why it failed, with the last log lines
  absl::Time failed_at = absl::InfinitePast();
  // Inconclusive: the old container was not ready either, so it is made again at this time. Infinite: never
  // by itself.
  absl::Time retry_at = absl::InfiniteFuture();
  int attempts = 1;
  bool operator==(const FailedAttempt&) const = default;
};

// The last replacement. `from` and `to` are image references as in the document.
struct RolloutRecord {
  // Names: kRolloutResults.
  enum class Result { kInProgress, kSucceeded, kRolledBack, kInconclusive, kFailed };
  Result result = Result::kInProgress;
  std::string from, to, from_hash, to_hash;
  Fingerprint tried;
  bool old_was_ready = true;  // when it began
  absl::Time started_at = absl::InfinitePast(), finished_at = absl::InfinitePast();
  std::string message;
  bool operator==(const RolloutRecord&) const = default;
};

// As in the status and in metrics, in the order of RolloutRecord::Result.
inline constexpr const char* kRolloutResults[] = {"InProgress", "Succeeded", "RolledBack", "Inconclusive",
                                                  "Failed"};

// What is to be rolled out, and since when this host knows: rollout.splay counts from there.
struct WantedRollout {
  Fingerprint target;
  absl::Time since = absl::InfinitePast();
  bool operator==(const WantedRollout&) const = default;
};

// Of one workload, by container name.
struct RolloutHistory {
  std::optional<RolloutRecord> last;    // absent until the first replacement
  std::vector<FailedAttempt> failed;    // newest last
  std::optional<WantedRollout> wanted;  // only while one is due and has a splay to wait for
  bool operator==(const RolloutHistory&) const = default;
};

}  // namespace spacelet::api

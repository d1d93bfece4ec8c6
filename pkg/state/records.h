// What the agent remembers, as values and as the text of their files: {"checksum": "<SHA-256 of the record's
// compact JSON>", "record": …}, indented. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/api/network_history.h"
#include "pkg/api/rollout.h"
#include "pkg/api/used_image.h"

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

// Errors: InvalidArgument a text in it is not valid UTF-8.
absl::StatusOr<std::string> EncodeLastGood(const LastGood& last_good);
absl::StatusOr<std::string> EncodeLimitsSet(const LimitsSet& limits);
absl::StatusOr<std::string> EncodeRollouts(const Rollouts& rollouts);
absl::StatusOr<std::string> EncodeNetworks(const Networks& networks);
absl::StatusOr<std::string> EncodeUsedImages(const UsedImages& images);
absl::StatusOr<std::string> EncodeNotified(const Notified& notified);
absl::StatusOr<std::string> EncodeDigestKey(const std::string& key);

// Total: what Encode* made is given back, and any other text is an error. Errors: DataLoss torn, changed or
// not ours, with the reason.
absl::StatusOr<LastGood> DecodeLastGood(absl::string_view file);
absl::StatusOr<LimitsSet> DecodeLimitsSet(absl::string_view file);
absl::StatusOr<Rollouts> DecodeRollouts(absl::string_view file);
absl::StatusOr<Networks> DecodeNetworks(absl::string_view file);
absl::StatusOr<UsedImages> DecodeUsedImages(absl::string_view file);
absl::StatusOr<Notified> DecodeNotified(absl::string_view file);
absl::StatusOr<std::string> DecodeDigestKey(absl::string_view file);

}  // namespace spacelet::state

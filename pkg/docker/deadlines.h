// How long a call to the daemon may take in all, by class. Anchors: the ECS agent's dockerapi timeouts (list
// 10 min, inspect 30 s, stop 30 s + grace, remove 5 min, version and info 10 s, pull: inactivity) are those
// of an agent that has nothing else to do; these are shorter because one hung container must not hold a
// worker for long.
#pragma once

#include "absl/time/time.h"

namespace spacelet::docker {

inline constexpr absl::Duration kPingDeadline =
    absl::Seconds(3);  // a daemon that restores accepts and is silent
inline constexpr absl::Duration kInfoDeadline = absl::Seconds(10);  // ECS
inline constexpr absl::Duration kInspectDeadline = absl::Seconds(10);
inline constexpr absl::Duration kListDeadline = absl::Seconds(30);
inline constexpr absl::Duration kCreateDeadline = absl::Seconds(60);
inline constexpr absl::Duration kStartDeadline = absl::Seconds(120);  // moby: a slow volume or device
inline constexpr absl::Duration kChangeDeadline = absl::Seconds(30);  // rename, update, unpause, kill
inline constexpr absl::Duration kStopSlack = absl::Seconds(15);  // moby: SIGKILL, then up to 10 s of waiting
inline constexpr absl::Duration kRemoveDeadline = absl::Seconds(120);
inline constexpr absl::Duration kNetworkDeadline = absl::Seconds(30);
inline constexpr absl::Duration kCopyDeadline = absl::Seconds(60);
inline constexpr absl::Duration kEventsOpening =
    absl::Seconds(10);  // moby sends the header before the first event
inline constexpr absl::Duration kLogsDeadline = absl::Seconds(10);
inline constexpr absl::Duration kLoadDeadline = absl::Minutes(30);
inline constexpr absl::Duration kDistributionDeadline =
    absl::Seconds(60);  // the daemon asks the registry: DNS, TLS, a token, a manifest
// A pull ends by silence (extracting a large layer is silent for minutes); this only bounds a registry that
// drips.
inline constexpr absl::Duration kPullDeadline = absl::Hours(6);
inline constexpr absl::Duration kPullInactivity = absl::Minutes(10);

}  // namespace spacelet::docker

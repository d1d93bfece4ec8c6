// When one host of many may do what all of them were told to do. Pure.
//
// Each host has a share, a number that is its own and evenly spread. Without windows its turn comes when that
// share of the splay has passed since it was told. With windows its turn comes when that share of the splay
// has passed since the window opened, or since it was told where the window was open by then; so a fleet that
// waits for one window is spread from its opening on. A window that is shorter than the splay spreads over
// its whole length, and every host has a turn in it. Where too little of an open window is left for a host's
// share, its turn is in the next one: the fleet is never pressed together. Of windows that touch, one is made
// before.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/schedule/window.h"

namespace spacelet::schedule {

// The longest splay. A day: what a fleet does every night must not take longer.
inline constexpr absl::Duration kLongestSplay = absl::Hours(24);

// By SHA-256, so the same in every process and evenly spread over all 64-bit numbers. `host` tells hosts
// apart, `task` what they were told.
uint64_t ShareOf(absl::string_view host, absl::string_view task);

struct Policy {
  absl::Duration splay = absl::ZeroDuration();
  std::vector<Window> windows;  // empty: always
  bool operator==(const Policy&) const = default;
};

struct Turn {
  absl::Time at;  // not before `now`; `now`: it has come. Infinite: no window opens (never for a Cron)
  bool by_window = false;  // a window has to open first
  // Of the window that is open then; absent without windows.
  std::optional<absl::TimeZone> zone;
};

// `told`: when the host first knew; a time after `now` counts as now. While `now` moves on to `at`, the
// answer stays the same; at `at` and for as long as that window is open, it is `now`.
Turn NextTurn(const Policy& policy, uint64_t share, absl::Time told, absl::Time now);

}  // namespace spacelet::schedule

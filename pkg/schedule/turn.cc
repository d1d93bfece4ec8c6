#include "pkg/schedule/turn.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"

namespace spacelet::schedule {
namespace {

// Nearly always enough, and what makes a look at a window of every minute cheap; then a year and what a leap
// day and a time zone may add.
constexpr absl::Duration kNear = absl::Hours(9 * 24), kFar = absl::Hours(368 * 24);

// That part of `whole`, in whole seconds and below it.
absl::Duration PartOf(absl::Duration whole, uint64_t share) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(absl::ToInt64Seconds(whole), 0));
  return absl::Seconds(static_cast<int64_t>(((share >> 32) * seconds) >> 32));
}

absl::TimeZone ZoneAt(const std::vector<Window>& windows, absl::Time at) {
  for (const Window& window : windows) {
    const std::vector<Span> spans = OpenSpans({window}, at - window.duration, at + absl::Seconds(1));
    if (std::any_of(spans.begin(), spans.end(), [&](const Span& s) { return s.begin <= at && at < s.end; }))
      return window.zone;
  }
  return windows.front().zone;
}

// Spans that began long ago begin too late in here, but not within the splay: then the turn has come either
// way.
std::optional<Turn> TurnWithin(absl::Duration horizon, const Policy& policy, uint64_t share, absl::Time told,
                               absl::Time now) {
  absl::Duration longest = absl::ZeroDuration();
  for (const Window& window : policy.windows) longest = std::max(longest, window.duration);
  for (const Span& span :
       OpenSpans(policy.windows, now - policy.splay - longest, now + horizon + policy.splay)) {
    if (span.end <= now) continue;
    if (span.begin > now + horizon) break;
    const absl::Duration spread = std::min(policy.splay, span.end - span.begin);
    const absl::Time at = std::max(std::max(told, span.begin) + PartOf(spread, share), now);
    if (at < span.end) return Turn{at, span.begin > now, ZoneAt(policy.windows, at)};
  }
  return std::nullopt;
}

}  // namespace

uint64_t ShareOf(absl::string_view host, absl::string_view task) {
  // The length in front, so that no two pairs give the same bytes.
  const std::string digest = base::Sha256Hex(absl::StrCat(host.size(), ":", host, task));
  uint64_t share = 0;
  static_cast<void>(absl::SimpleHexAtoi(digest.substr(0, 16), &share));
  return share;
}

Turn NextTurn(const Policy& policy, uint64_t share, absl::Time told, absl::Time now) {
  told = std::min(told, now);
  if (policy.windows.empty()) return {std::max(told + PartOf(policy.splay, share), now), false, std::nullopt};
  for (const absl::Duration horizon : {kNear, kFar})
    if (const std::optional<Turn> turn = TurnWithin(horizon, policy, share, told, now)) return *turn;
  return {absl::InfiniteFuture(), true, policy.windows.front().zone};
}

}  // namespace spacelet::schedule

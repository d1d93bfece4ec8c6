#include "pkg/controller/spacing.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace spacelet::controller {

bool Spacing::Quiet(const Entry& entry, base::Instant now) const {
  return entry.times.empty() || now - entry.times.back() > limits_.window + entry.delay;
}

void Spacing::Record(const std::string& what, base::Instant now) {
  Entry& entry = entries_[what];
  if (Quiet(entry, now)) entry = {};
  entry.times.push_back(now);
  if (entry.delay > absl::ZeroDuration()) {
    entry.delay = std::min(entry.delay * 2, limits_.longest);
  } else if (Count(what, now) > limits_.free) {
    entry.delay = limits_.first;
  }
  while (now - entry.times.front() > limits_.window) entry.times.pop_front();
}

absl::Duration Spacing::Remaining(const std::string& what, base::Instant now) const {
  auto known = entries_.find(what);
  if (known == entries_.end() || Quiet(known->second, now)) return absl::ZeroDuration();
  const Entry& entry = known->second;
  return std::max(entry.times.back() + entry.delay - now, absl::ZeroDuration());
}

int Spacing::Count(const std::string& what, base::Instant now) const {
  auto known = entries_.find(what);
  if (known == entries_.end()) return 0;
  const auto& times = known->second.times;
  return static_cast<int>(
      std::count_if(times.begin(), times.end(), [&](base::Instant t) { return now - t <= limits_.window; }));
}

void Spacing::ForgetPrefix(const std::string& prefix) {
  std::erase_if(entries_, [&](const auto& entry) { return absl::StartsWith(entry.first, prefix); });
}

}  // namespace spacelet::controller

#include "pkg/controller/removals.h"

#include <algorithm>

namespace spacelet::controller {

void Removals::Document(const desired::Host& host, bool at_once, base::Instant now) {
  at_once_ = at_once;
  first_document_ = std::min(first_document_, now);
  std::set<std::string> desired;
  for (const desired::Container& container : host.containers) desired.insert(container.name);
  for (const std::string& name : desired_)
    if (!desired.contains(name)) dropped_[name] = now;
  for (const std::string& name : desired) dropped_.erase(name);
  desired_ = std::move(desired);
}

absl::Duration Removals::Remaining(const std::string& container, base::Instant now) const {
  if (at_once_ || desired_.contains(container)) return absl::ZeroDuration();
  auto dropped = dropped_.find(container);
  const base::Instant since = dropped == dropped_.end() ? first_document_ : dropped->second;
  return std::max(since + delay_ - now, absl::ZeroDuration());
}

}  // namespace spacelet::controller

#include "pkg/report/heartbeat.h"

namespace spacelet::report {

Heartbeats::Heartbeats(base::Clock& clock) : clock_(clock) {}

void Heartbeats::Expect(const std::string& loop, absl::Duration within) {
  const base::Instant due = clock_.Monotonic() + within;
  base::MutexLock lock(mu_);
  due_[loop] = due;
}

void Heartbeats::Rest(const std::string& loop) {
  base::MutexLock lock(mu_);
  due_.erase(loop);
}

std::vector<std::string> Heartbeats::Late() const {
  const base::Instant now = clock_.Monotonic();
  base::MutexLock lock(mu_);
  std::vector<std::string> late;
  for (const auto& [loop, due] : due_)
    if (due < now) late.push_back(loop);
  return late;
}

}  // namespace spacelet::report

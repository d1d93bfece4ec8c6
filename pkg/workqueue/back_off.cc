#include <algorithm>

#include "pkg/workqueue/queue.h"

namespace spacelet::workqueue {
namespace {

constexpr double kJitter = 0.2;

absl::Duration Doubled(absl::Duration base, int times, absl::Duration cap) {
  absl::Duration delay = base;
  for (int i = 0; i < times && delay < cap; ++i) delay *= 2;
  return std::min(delay, cap);
}

}  // namespace

BackOff::BackOff(absl::Duration base, absl::Duration cap)
    : base_(base), cap_(cap), random_(std::random_device{}()) {}

absl::Duration BackOff::Next(const Key& key) {
  const base::MutexLock lock(mu_);
  const int failures_before = failures_[key]++;
  return Doubled(base_, failures_before, cap_) *
         std::uniform_real_distribution<>(1 - kJitter, 1 + kJitter)(random_);
}

void BackOff::Forget(const Key& key) {
  const base::MutexLock lock(mu_);
  failures_.erase(key);
}

int BackOff::failures(const Key& key) const {
  const base::MutexLock lock(mu_);
  const auto it = failures_.find(key);
  return it == failures_.end() ? 0 : it->second;
}

}  // namespace spacelet::workqueue

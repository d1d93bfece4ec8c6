#include "pkg/workqueue/queue.h"

#include <algorithm>
#include <vector>

namespace spacelet::workqueue {

WorkQueue::WorkQueue(base::Clock& clock) : clock_(clock) {}

void WorkQueue::OnTaken(std::function<void(absl::Duration)> listener) { on_taken_ = std::move(listener); }

void WorkQueue::Add(const Key& key) {
  const base::MutexLock lock(mu_);
  Enqueue(key);
  changed_.NotifyAll();
}

void WorkQueue::AddAfter(const Key& key, absl::Duration delay) {
  if (delay <= absl::ZeroDuration()) return Add(key);
  const base::MutexLock lock(mu_);
  const base::Instant due = clock_.Monotonic() + delay;
  const auto [it, inserted] = delayed_.emplace(key, due);
  if (!inserted) it->second = std::min(it->second, due);
  changed_.NotifyAll();
}

std::optional<Key> WorkQueue::Get() {
  const auto taken = WaitAndTake();
  if (!taken.has_value()) return std::nullopt;
  if (on_taken_) on_taken_(taken->second);
  return taken->first;
}

void WorkQueue::Done(const Key& key) {
  const base::MutexLock lock(mu_);
  processing_.erase(key);
  if (dirty_.contains(key)) order_.push_back(key);
  changed_.NotifyAll();
}

void WorkQueue::ShutDown() {
  const base::MutexLock lock(mu_);
  shut_down_ = true;
  changed_.NotifyAll();
}

bool WorkQueue::Idle() const {
  const base::MutexLock lock(mu_);
  return dirty_.empty() && processing_.empty();
}

QueueStats WorkQueue::Stats() const {
  const base::MutexLock lock(mu_);
  const base::Instant now = clock_.Monotonic();
  QueueStats stats = {.depth = order_.size(), .unfinished_work = absl::ZeroDuration()};
  for (const auto& [key, since] : processing_) stats.unfinished_work += now - since;
  return stats;
}

void WorkQueue::Enqueue(const Key& key) {
  const bool inserted = dirty_.emplace(key, clock_.Monotonic()).second;
  // A key that is being worked on gets its place in the order when it is Done.
  if (inserted && !processing_.contains(key)) order_.push_back(key);
}

void WorkQueue::EnqueueDue() {
  const base::Instant now = clock_.Monotonic();
  std::vector<std::pair<base::Instant, Key>> due;
  for (const auto& [key, at] : delayed_) {
    if (at <= now) due.emplace_back(at, key);
  }
  std::sort(due.begin(), due.end());
  for (const auto& [at, key] : due) {
    delayed_.erase(key);
    Enqueue(key);
  }
}

base::Instant WorkQueue::NextDue() const {
  base::Instant next = base::InfiniteFuture();
  for (const auto& [key, at] : delayed_) next = std::min(next, at);
  return next;
}

std::pair<Key, absl::Duration> WorkQueue::Take() {
  const base::Instant now = clock_.Monotonic();
  Key key = std::move(order_.front());
  order_.pop_front();
  const absl::Duration waited = now - dirty_.at(key);
  dirty_.erase(key);
  processing_.emplace(key, now);
  return {std::move(key), waited};
}

std::optional<std::pair<Key, absl::Duration>> WorkQueue::WaitAndTake() {
  const base::MutexLock lock(mu_);
  while (!shut_down_) {
    EnqueueDue();
    if (!order_.empty()) return Take();
    clock_.WaitUntil(mu_, changed_, NextDue());
  }
  return std::nullopt;
}

}  // namespace spacelet::workqueue

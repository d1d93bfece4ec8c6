#include "pkg/probe/schedule.h"

#include <algorithm>
#include <utility>

namespace spacelet::probe {
namespace {

constexpr double kGrowth = 1.5;

}  // namespace

Schedule::Schedule(const Target& target, base::Instant now)
    : startup_(target.startup),
      readiness_(target.readiness),
      started_(!target.startup),
      ready_(!target.startup && !target.readiness) {
  Begin(now);
}

// The first question of the probe whose turn it is.
void Schedule::Begin(base::Instant now) {
  successes_ = failures_ = 0;
  interval_ = kFirstInterval;
  due_ = probe() == nullptr ? base::InfiniteFuture() : now + absl::Seconds(probe()->initial_delay_seconds);
}

const api::Probe* Schedule::probe() const {
  if (!started_) return &*startup_;
  return readiness_ ? &*readiness_ : nullptr;
}

bool Schedule::Judge(const api::Probe& probe, bool success, bool before) {
  successes_ = success ? successes_ + 1 : 0;
  failures_ = success ? 0 : failures_ + 1;
  if (successes_ >= probe.success_threshold) return true;
  return failures_ >= probe.failure_threshold ? false : before;
}

absl::Duration Schedule::NextInterval(const api::Probe& probe) {
  const absl::Duration period = absl::Seconds(probe.period_seconds);
  if (ever_ready_) return period;
  return std::min(std::exchange(interval_, interval_ * kGrowth), period);
}

bool Schedule::Record(bool success, base::Instant now) {
  const bool before = ready_;
  if (probe() == nullptr) return false;
  if (!started_ && Judge(*startup_, success, false)) {
    started_ = true;
    ready_ = !readiness_;
    Begin(now);
    return ready_ != before;
  }
  if (started_) ready_ = Judge(*readiness_, success, ready_);
  ever_ready_ = ever_ready_ || ready_;
  due_ = now + NextInterval(*probe());
  return ready_ != before;
}

}  // namespace spacelet::probe

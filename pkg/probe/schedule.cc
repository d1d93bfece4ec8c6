#include "pkg/probe/schedule.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace spacelet::probe {
namespace {

constexpr double kGrowth = 1.5;
constexpr char kNotAsked[] = "not probed yet";  // before the first answer

absl::Duration PeriodOf(const api::Probe& probe) { return absl::Seconds(probe.period_seconds); }

// The attempt whose failure is the last one. In time and not in attempts: while they come faster than the
// period, as they do at the beginning, they do not count for more.
base::Instant LastChance(const api::Probe& probe, base::Instant begun) {
  return begun + PeriodOf(probe) * (probe.failure_threshold - 1);
}

bool Counts(Question question, const absl::Status& answer) {
  if (absl::IsUnknown(answer)) return false;
  return question == Question::kReadiness || !absl::IsFailedPrecondition(answer);
}

}  // namespace

Schedule::Schedule(const Target& target, base::Instant started, base::Instant now) : started_at_(started) {
  auto take = [](const std::optional<api::Probe>& probe, std::optional<Track>& track) {
    if (probe) track = Track{.probe = *probe, .interval = {}, .begun = {}, .due = {}, .message = kNotAsked};
  };
  take(target.startup, startup_);
  take(target.readiness, readiness_);
  take(target.liveness, liveness_);
  if (startup_) {
    Begin(*startup_, kFirstInterval, now);
  } else {
    BeginTheOthers(now);
  }
}

void Schedule::Begin(Track& track, absl::Duration interval, base::Instant now) const {
  track.interval = interval;
  track.begun = track.due = std::max(now, started_at_ + absl::Seconds(track.probe.initial_delay_seconds));
}

void Schedule::BeginTheOthers(base::Instant now) {
  if (readiness_) Begin(*readiness_, kFirstInterval, now);
  // Its failures kill: it keeps to its period from the start.
  if (liveness_) Begin(*liveness_, PeriodOf(liveness_->probe), now);
}

std::string Schedule::why_not_ready() const {
  if (!started()) return startup_->message;
  return ready() ? "" : readiness_->message;
}

std::string Schedule::unalive() const {
  if (!started()) return startup_->given_up ? absl::StrCat("startup probe failed: ", startup_->message) : "";
  if (!liveness_ || !liveness_->given_up) return "";
  return absl::StrCat("liveness probe failed: ", liveness_->message);
}

std::optional<Schedule::Due> Schedule::Next() const {
  if (!started()) return Due{Question::kStartup, &startup_->probe, startup_->due};
  if (readiness_ && (!liveness_ || readiness_->due <= liveness_->due))
    return Due{Question::kReadiness, &readiness_->probe, readiness_->due};
  if (liveness_) return Due{Question::kLiveness, &liveness_->probe, liveness_->due};
  return std::nullopt;
}

Schedule::Track& Schedule::TrackOf(Question question) {
  if (question == Question::kStartup) return *startup_;
  return question == Question::kReadiness ? *readiness_ : *liveness_;
}

void Schedule::Record(Question question, const absl::Status& answer, base::Instant now) {
  Track& track = TrackOf(question);
  const bool counts = Counts(question, answer);
  if (!answer.ok() && (counts || !track.given_up)) track.message = std::string(answer.message());
  if (counts) Count(track, answer.ok());
  if (counts && !answer.ok() && IsLast(question, track, now)) track.given_up = true;
  track.due = now + std::min(std::exchange(track.interval, track.interval * kGrowth), PeriodOf(track.probe));
  if (question == Question::kStartup && track.good) BeginTheOthers(now);
}

// Of the failures that its container is granted.
bool Schedule::IsLast(Question question, const Track& track, base::Instant now) {
  if (question == Question::kStartup) return now >= LastChance(track.probe, track.begun);
  return question == Question::kLiveness && track.failures >= track.probe.failure_threshold;
}

void Schedule::Count(Track& track, bool success) {
  track.successes = success ? track.successes + 1 : 0;
  track.failures = success ? 0 : track.failures + 1;
  if (success) track.given_up = false;
  if (track.failures >= track.probe.failure_threshold) track.good = false;
  if (track.successes < track.probe.success_threshold) return;
  track.good = true;
  track.interval = PeriodOf(track.probe);
}

void Schedule::AskAgain(base::Instant now) {
  for (std::optional<Track>* track : {&startup_, &readiness_, &liveness_})
    if (*track) (*track)->due = std::max((*track)->begun, std::min((*track)->due, now));
}

}  // namespace spacelet::probe

#include "pkg/report/events.h"

#include <algorithm>
#include <utility>

#include "pkg/base/text.h"

namespace spacelet::report {
namespace {

bool SameThing(const Event& a, const Event& b) {
  return a.object == b.object && a.type == b.type && a.reason == b.reason && a.message == b.message;
}

}  // namespace

EventLog::EventLog(base::Clock& clock, Redact redact, size_t capacity)
    : clock_(clock), redact_(std::move(redact)), capacity_(capacity) {}

void EventLog::SetRevision(std::string revision) {
  base::MutexLock lock(mu_);
  revision_ = std::move(revision);
}

void EventLog::Record(Event::Type type, absl::string_view object, absl::string_view reason,
                      std::string message) {
  message = base::OneLine(redact_ ? redact_(std::move(message)) : message);
  base::MutexLock lock(mu_);
  Event event{.sequence = ++last_sequence_,
              .time = clock_.Now(),
              .object = std::string(object),
              .type = type,
              .reason = std::string(reason),
              .message = std::move(message),
              .count = 1,
              .revision = revision_};
  auto old =
      std::find_if(events_.begin(), events_.end(), [&](const Event& e) { return SameThing(e, event); });
  if (old != events_.end()) {
    event.count += old->count;
    events_.erase(old);
  }
  if (events_.size() >= capacity_) events_.pop_front();
  events_.push_back(std::move(event));
  recorded_.NotifyAll();
}

std::vector<Event> EventLog::After(uint64_t sequence) const {
  auto first = std::upper_bound(events_.begin(), events_.end(), sequence,
                                [](uint64_t s, const Event& e) { return s < e.sequence; });
  return {first, events_.end()};
}

std::vector<Event> EventLog::Since(uint64_t sequence) const {
  base::MutexLock lock(mu_);
  return After(sequence);
}

std::vector<Event> EventLog::WaitSince(uint64_t sequence, base::Instant deadline,
                                       const std::stop_token& stop) const {
  std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    recorded_.NotifyAll();
  });
  base::MutexLock lock(mu_);
  while (last_sequence_ <= sequence && !stop.stop_requested() && clock_.Monotonic() < deadline)
    clock_.WaitUntil(mu_, recorded_, deadline);
  return After(sequence);
}

}  // namespace spacelet::report

#include "pkg/notify/notifier.h"

#include <utility>

#include "absl/strings/match.h"

namespace spacelet::notify {
namespace {

constexpr char kTheOne[] = "";  // BackOff's key: there is one receiver

const char* StatusName(const Notification& n) { return n.firing ? "firing" : "resolved"; }

// What a machine of another name was told of is over for this one.
Options OfThisHost(Options options) {
  std::erase_if(options.told,
                [&](const auto& told) { return !absl::StartsWith(told.first, options.host + "/"); });
  return options;
}

}  // namespace

Notifier::Notifier(std::unique_ptr<Receiver> receiver, const report::StatusBoard& board,
                   report::Metrics& metrics, base::Clock& clock, log::Logger logger, Options options)
    : receiver_(std::move(receiver)),
      board_(board),
      metrics_(metrics),
      clock_(clock),
      logger_(std::move(logger)),
      options_(OfThisHost(std::move(options))),
      troubles_(options_.host, options_.told),
      delivered_(options_.told),
      back_off_(absl::Seconds(1), absl::Minutes(5)) {}

absl::Status Notifier::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const uint64_t version = board_.version();
    Collect();
    if (!queue_.empty() && next_try_ <= clock_.Monotonic()) {
      Try(stop);
      continue;
    }
    const base::Instant never{absl::InfiniteDuration()};
    board_.WaitForChange(version, queue_.empty() ? never : next_try_, stop);
  }
  return absl::OkStatus();
}

void Notifier::Collect() {
  for (Notification& n : troubles_.Update(board_.Snapshot(), clock_.Now())) {
    if (queue_.size() >= kMostQueued) {
      logger_.Warning("notification dropped: too many wait", {{"key", queue_.front().notification.key}});
      Done("dropped");
    }
    queue_.push_back({std::move(n), clock_.Monotonic()});
  }
  metrics_.NotificationsQueued(queue_.size());
}

void Notifier::Try(const std::stop_token& stop) {
  const Notification n = queue_.front().notification;
  const absl::Status status = receiver_->Deliver(ToJson(n), stop);
  if (stop.stop_requested() && !status.ok()) return;
  if (!status.ok()) return Failed(status);
  Ended("delivered");
  logger_.Info("notification delivered", {{"key", n.key}, {"status", StatusName(n)}});
}

void Notifier::Failed(const absl::Status& status) {
  Pending& pending = queue_.front();
  const std::string error(status.message());
  const bool given_up =
      absl::IsFailedPrecondition(status) || clock_.Monotonic() - pending.since >= kGiveUpAfter;
  if (given_up) {
    logger_.Warning("notification given up", {{"key", pending.notification.key}, {"error", error}});
    return Ended("given_up");
  }
  next_try_ = clock_.Monotonic() + back_off_.Next(kTheOne);
  if (std::exchange(pending.failed, true)) return;
  logger_.Warning("notification not delivered yet, tried again for an hour",
                  {{"key", pending.notification.key}, {"error", error}});
}

void Notifier::Ended(const char* result) {
  back_off_.Forget(kTheOne);
  next_try_ = {-absl::InfiniteDuration()};
  Done(result);
}

// It is not tried again, however it ended: the next agent need not either.
void Notifier::Done(const char* result) {
  const Notification n = std::move(queue_.front().notification);
  queue_.pop_front();
  metrics_.Notified(result);
  metrics_.NotificationsQueued(queue_.size());
  if (n.firing)
    delivered_[n.key] = n.message;
  else
    delivered_.erase(n.key);
  if (options_.keep) options_.keep(delivered_);
}

}  // namespace spacelet::notify

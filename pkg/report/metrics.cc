#include "pkg/report/metrics.h"

#include <prometheus/text_serializer.h>

#include <utility>

#include "absl/strings/match.h"
#include "pkg/api/reasons.h"
#include "pkg/report/delegate_support.h"
#include "pkg/report/events.h"
#include "pkg/report/metrics_series.h"

namespace spacelet::report {
namespace {

constexpr const char* kRolloutEnds[] = {"Succeeded", "RolledBack", "Inconclusive", "Failed"};
constexpr const char* kHandshakeFailures[] = {"plaintext", "refused", "timeout", "busy"};
constexpr const char* kGitResults[] = {"unchanged",
                                       "changed",
                                       api::reason::kGitUnreachable,
                                       api::reason::kGitAuthenticationFailed,
                                       api::reason::kGitUntrusted,
                                       api::reason::kGitNotFound,
                                       api::reason::kGitRewritten,
                                       api::reason::kGitSignatureRejected,
                                       api::reason::kGitTooLarge,
                                       api::reason::kUnreadable,
                                       api::reason::kGitFailed};
constexpr const char* kReconcileResults[] = {"success", "error",     "terminal",
                                             "waiting", "suspended", "cancelled"};

constexpr const char* kAuthenticationResults[] = {"accepted", "rejected", "busy"};

bool IsContainer(const std::string& object) { return absl::StartsWith(object, "container/"); }

}  // namespace

Metrics::Metrics(base::Clock& clock, const std::string& version, const std::string& revision)
    : series_(std::make_unique<Series>(clock)) {
  base::MutexLock lock(series_->mu);
  series_->build_info.Add({{"version", Label(version)}, {"revision", Label(revision)}}).Set(1);
  series_->CreateAtZero();
}

Metrics::~Metrics() = default;

void Metrics::BeforeRender(std::function<void(Metrics&)> refresh) {
  series_->before_render = std::move(refresh);
}

std::string Metrics::Render() {
  Series& s = *series_;
  if (s.before_render) s.before_render(*this);
  base::MutexLock lock(s.mu);
  for (auto& [name, object] : s.objects) s.CountAvailability(name, object);
  if (s.delegate_release)
    s.delegate_age.Add({}).Set(absl::ToDoubleSeconds(s.clock.Now() - *s.delegate_release));
  s.RefreshProcess();
  return prometheus::TextSerializer().Serialize(s.registry.Collect());
}

void Metrics::ConfigReloaded(absl::string_view result) {
  const bool good = result == "accepted" || result == "unchanged";
  base::MutexLock lock(series_->mu);
  series_->reloads.Add({{"result", Label(result)}}).Increment();
  series_->reload_successful.Set(good ? 1 : 0);
  if (good) series_->reload_success_time.Set(absl::ToDoubleSeconds(series_->clock.Now() - absl::UnixEpoch()));
}

void Metrics::ConfigInfo(const std::string& revision, const std::string& commit) {
  base::MutexLock lock(series_->mu);
  Gauge* known = std::exchange(
      series_->config, &series_->config_info.Add({{"revision", Label(revision)}, {"commit", Label(commit)}}));
  if (known != nullptr && known != series_->config) series_->config_info.Remove(known);
  series_->config->Set(1);
}

void Metrics::ExpectGit() {
  base::MutexLock lock(series_->mu);
  for (const char* result : kGitResults) series_->git_fetches.Add({{"result", result}});
  series_->git_success_time.Add({});
}

void Metrics::GitAsked(absl::string_view result) {
  base::MutexLock lock(series_->mu);
  series_->git_fetches.Add({{"result", Label(result)}}).Increment();
  if (result == "unchanged" || result == "changed")
    series_->git_success_time.Add({}).Set(absl::ToDoubleSeconds(series_->clock.Now() - absl::UnixEpoch()));
}

void Metrics::Generations(int64_t generation, int64_t observed) {
  series_->generation.Set(static_cast<double>(generation));
  series_->observed_generation.Set(static_cast<double>(observed));
}

void Metrics::DelegateRelease(std::optional<absl::Time> month) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  s.delegate_release = month;
  Gauge& support = s.delegate_support.Add({});
  if (month) {
    support.Set(absl::ToDoubleSeconds(DelegateEndOfSupport(*month) - absl::UnixEpoch()));
    return;
  }
  s.delegate_support.Remove(&support);
  s.delegate_age.Remove(&s.delegate_age.Add({}));
}

void Metrics::WebConfigReloaded(bool good, std::optional<absl::Time> not_after) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  s.web_config_successful.Add({}).Set(good ? 1 : 0);
  for (const char* result : kAuthenticationResults) s.authentications.Add({{"result", result}});
  if (not_after)
    for (const char* reason : kHandshakeFailures) s.handshake_failures.Add({{"reason", reason}});
  if (!good) return;
  s.web_config_success_time.Add({}).Set(absl::ToDoubleSeconds(s.clock.Now() - absl::UnixEpoch()));
  Gauge& end = s.certificate_end.Add({});
  if (not_after)
    end.Set(absl::ToDoubleSeconds(*not_after - absl::UnixEpoch()));
  else
    s.certificate_end.Remove(&end);
}

void Metrics::HttpAuthenticated(absl::string_view result) {
  base::MutexLock lock(series_->mu);
  series_->authentications.Add({{"result", Label(result)}}).Increment();
}

void Metrics::HttpHandshakeFailed(absl::string_view reason) {
  base::MutexLock lock(series_->mu);
  series_->handshake_failures.Add({{"reason", Label(reason)}}).Increment();
}

void Metrics::DockerUp(bool up) { series_->docker_up.Set(up ? 1 : 0); }

void Metrics::DockerRequest(absl::string_view operation, absl::string_view code, absl::Duration took) {
  base::MutexLock lock(series_->mu);
  const std::string name = Label(operation);
  series_->docker_requests.Add({{"operation", name}, {"code", Label(code)}}).Increment();
  series_->docker_durations.Add({{"operation", name}}, kCallBuckets).Observe(absl::ToDoubleSeconds(took));
}

void Metrics::DockerEvent(absl::string_view type) {
  const bool known = type == "container" || type == "network";
  base::MutexLock lock(series_->mu);
  series_->docker_events.Add({{"type", known ? std::string(type) : "other"}}).Increment();
}

void Metrics::EventStreamReconnected() { series_->stream_reconnects.Increment(); }

void Metrics::ObjectKnown(const std::string& object) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  if (s.objects.count(object) > 0) return;
  for (const char* result : kReconcileResults) s.Of(object, s.reconciles, {{"result", result}});
  s.Of(object, s.reconcile_errors, {});
  s.Of(object, s.reconcile_times, {}, kReconcileBuckets);
  s.Of(object, s.converge_times, {}, kConvergeBuckets);
  s.Of(object, s.object_ready, {});
  s.Of(object, s.object_synced, {});
  s.Of(object, s.missed_drifts, {});
  if (IsContainer(object)) {
    s.Of(object, s.restarts, {});
    for (const char* result : kRolloutEnds) s.Of(object, s.rollouts, {{"result", result}});
    s.Of(object, s.rollouts_waiting, {});
    s.Of(object, s.expected_seconds, {});
    s.Of(object, s.ready_seconds, {});
    s.Of(object, s.correct_seconds, {});
  }
  s.objects[object].availability.since = s.clock.Monotonic();
}

void Metrics::ObjectGone(const std::string& object) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  auto known = s.objects.find(object);
  if (known == s.objects.end()) return;
  for (const auto& [child, remove] : known->second.removers) remove();
  s.objects.erase(known);
}

void Metrics::ObjectState(const std::string& object, bool ready, bool synced, bool expected, bool correct) {
  ObjectKnown(object);
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  s.Of(object, s.object_ready, {}).Set(ready ? 1 : 0);
  s.Of(object, s.object_synced, {}).Set(synced ? 1 : 0);
  if (!IsContainer(object)) return;
  Series::Object& known = s.objects[object];
  s.CountAvailability(object, known);
  known.availability.expected = expected;
  known.availability.ready = expected && ready;
  known.availability.correct = expected && correct;
}

void Metrics::StatusIs(const Status& status) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  s.SetConditions(kHostObject, status.conditions);
  for (const ObjectStatus& object : status.objects)
    if (s.objects.count(object.object) > 0) s.SetConditions(object.object, object.conditions);
}

void Metrics::RolloutWaits(const std::string& object, bool waits) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  if (IsContainer(object)) series_->Of(object, series_->rollouts_waiting, {}).Set(waits ? 1 : 0);
}

void Metrics::ContainerInfo(const std::string& object, const std::string& image,
                            const std::string& image_id) {
  ObjectKnown(object);
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  Gauge& info = s.Of(object, s.infos, {{"image", Label(image)}, {"image_id", Label(image_id)}});
  info.Set(1);
  Gauge*& last = s.objects[object].info;
  if (last != nullptr && last != &info) {
    s.objects[object].removers.erase(last);
    s.infos.Remove(last);
  }
  last = &info;
}

void Metrics::ContainerRestarted(const std::string& object, int64_t times) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  series_->Of(object, series_->restarts, {}).Increment(static_cast<double>(times));
}

void Metrics::Reconciled(const std::string& object, absl::string_view result, absl::Duration took) {
  ObjectKnown(object);
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  s.Of(object, s.reconciles, {{"result", Label(result)}}).Increment();
  if (result == "error" || result == "terminal") s.Of(object, s.reconcile_errors, {}).Increment();
  s.Of(object, s.reconcile_times, {}, kReconcileBuckets).Observe(absl::ToDoubleSeconds(took));
}

void Metrics::Resynced(absl::Duration took) {
  series_->resyncs.Increment();
  series_->resync_times.Observe(absl::ToDoubleSeconds(took));
}

void Metrics::Drifted(const std::string& object, absl::string_view field) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  series_->Of(object, series_->drifts, {{"field", Label(field)}}).Increment();
}

void Metrics::DriftMissedByEvents(const std::string& object) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  series_->Of(object, series_->missed_drifts, {}).Increment();
}

void Metrics::Converged(const std::string& object, absl::Duration took) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  series_->Of(object, series_->converge_times, {}, kConvergeBuckets).Observe(absl::ToDoubleSeconds(took));
}

void Metrics::RolloutEnded(const std::string& object, absl::string_view result, absl::Duration took) {
  ObjectKnown(object);
  base::MutexLock lock(series_->mu);
  series_->Of(object, series_->rollouts, {{"result", std::string(result)}}).Increment();
  series_->rollout_durations.Observe(absl::ToDoubleSeconds(took));
}

void Metrics::StepDone(absl::string_view operation, bool ok, absl::Duration took) {
  base::MutexLock lock(series_->mu);
  series_->steps.Add({{"operation", Label(operation)}, {"result", kStepResults[ok ? 0 : 1]}}).Increment();
  if (operation == "PullImage" && ok) series_->pull_durations.Observe(absl::ToDoubleSeconds(took));
}

void Metrics::PulledBytes(int64_t bytes) { series_->pull_bytes.Increment(static_cast<double>(bytes)); }

void Metrics::Notified(absl::string_view result) {
  base::MutexLock lock(series_->mu);
  series_->notifications.Add({{"result", Label(result)}}).Increment();
}

void Metrics::NotificationsQueued(size_t count) {
  series_->notifications_queued.Set(static_cast<double>(count));
}

void Metrics::RivalsDetected(const std::set<std::string>& names) {
  Series& s = *series_;
  base::MutexLock lock(s.mu);
  for (auto it = s.rivals.begin(); it != s.rivals.end();) {
    const bool gone = names.count(it->first) == 0;
    if (gone) s.rival.Remove(it->second);
    it = gone ? s.rivals.erase(it) : std::next(it);
  }
  for (const std::string& name : names) {
    Gauge& gauge = s.rival.Add({{"name", Label(name)}});
    gauge.Set(1);
    s.rivals[name] = &gauge;
  }
}

void Metrics::UncleanRunnerStop() { series_->unclean_stops.Increment(); }

void Metrics::BootToReady(absl::Duration took) { series_->boot_to_ready.Set(absl::ToDoubleSeconds(took)); }

void Metrics::QueueAdded() { series_->queue_adds.Increment(); }
void Metrics::QueueRetried() { series_->queue_retries.Increment(); }
void Metrics::QueueTaken(absl::Duration waited) {
  series_->queue_durations.Observe(absl::ToDoubleSeconds(waited));
}
void Metrics::QueueState(size_t depth, absl::Duration unfinished) {
  series_->queue_depth.Set(static_cast<double>(depth));
  series_->queue_unfinished.Set(absl::ToDoubleSeconds(unfinished));
}

}  // namespace spacelet::report

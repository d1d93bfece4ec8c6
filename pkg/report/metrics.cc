#include "pkg/report/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "pkg/base/mutex.h"
#include "pkg/base/text.h"
#include "pkg/plan/text.h"
#include "pkg/report/delegate_support.h"
#include "pkg/report/process_metrics.h"

namespace spacelet::report {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;
using Buckets = Histogram::BucketBoundaries;

constexpr size_t kMaxLabelBytes = 256;

constexpr const char* kReloadResults[] = {"accepted", "unchanged", "rejected", "unreadable"};
constexpr const char* kEventTypes[] = {"container", "network", "other"};
constexpr const char* kRolloutEnds[] = {"Succeeded", "RolledBack", "Inconclusive", "Failed"};
constexpr const char* kReconcileResults[] = {"success", "error",     "terminal",
                                             "waiting", "suspended", "cancelled"};
constexpr const char* kStepResults[] = {"success", "error"};

// Seconds. From a no-op over a unix socket to the longest stop grace.
const Buckets kCallBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Buckets kReconcileBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900};
const Buckets kConvergeBuckets = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};
const Buckets kPullBuckets = {0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};

std::string Label(absl::string_view value) { return base::OneLine(value, kMaxLabelBytes); }

template <size_t... I>
std::vector<std::string> OperationNames(std::index_sequence<I...>) {
  return {std::string(plan::Name(plan::Operation(std::in_place_index<I>)))...};
}

bool IsContainer(const std::string& object) { return absl::StartsWith(object, "container/"); }

}  // namespace

// Names, help and labels of all series, and the handles of those whose labels are known.
struct Metrics::Series {
  explicit Series(base::Clock& c) : clock(c) {}

  Family<Counter>& Counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& Gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& Histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  Counter& OneCounter(const char* name, const char* help) { return Counters(name, help).Add({}); }
  Gauge& OneGauge(const char* name, const char* help) { return Gauges(name, help).Add({}); }
  Histogram& OneHistogram(const char* name, const char* help, const Buckets& buckets) {
    return Histograms(name, help).Add({}, buckets);
  }

  // The availability of one container since `since`, by what was true then.
  struct Availability {
    bool expected = false, correct = false;
    base::Instant since;
  };
  struct Object {
    std::map<void*, std::function<void()>> removers;  // by child: each takes one series of the object away
    Availability availability;
    Gauge* info = nullptr;
  };

  // A series of an object, made when it is not there yet and taken away with the object.
  template <typename Metric, typename... Args>
  Metric& Of(const std::string& object, Family<Metric>& family, Labels labels, Args&&... args)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    labels["object"] = Label(object);
    Metric& metric = family.Add(labels, std::forward<Args>(args)...);
    objects[object].removers[&metric] = [&family, &metric] { family.Remove(&metric); };
    return metric;
  }
  void CountAvailability(const std::string& object, Object& known) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void CreateAtZero() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void RefreshProcess() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  base::Clock& clock;
  base::Mutex mu;
  prometheus::Registry registry;
  std::function<void(Metrics&)> before_render;
  std::map<std::string, Object> objects ABSL_GUARDED_BY(mu);
  std::optional<absl::Time> delegate_release ABSL_GUARDED_BY(mu);
  std::map<std::string, Gauge*> rivals ABSL_GUARDED_BY(mu);

  Family<Gauge>& build_info =
      Gauges("spacelet_build_info", "Version and source revision of the running agent; always 1.");

  Gauge& reload_successful = OneGauge("spacelet_config_last_reload_successful",
                                      "Whether the newest attempt to read the document gave a valid one.");
  Gauge& reload_success_time = OneGauge("spacelet_config_last_reload_success_timestamp_seconds",
                                        "When the document was last read and valid.");
  Family<Counter>& reloads =
      Counters("spacelet_config_reloads_total", "Attempts to read the document, by how they ended.");
  Gauge& generation = OneGauge("spacelet_config_generation", "Generation of the document in force.");
  Gauge& observed_generation =
      OneGauge("spacelet_observed_generation", "Newest generation whose every object was seen in sync.");

  Gauge& docker_up = OneGauge("spacelet_docker_up", "Whether the Docker daemon answers.");
  Family<Counter>& docker_requests =
      Counters("spacelet_docker_requests_total", "Requests to the Docker daemon, by HTTP status.");
  Family<Histogram>& docker_durations =
      Histograms("spacelet_docker_request_duration_seconds", "How long requests to the Docker daemon take.");
  Family<Counter>& docker_events =
      Counters("spacelet_docker_events_total", "Events received from the Docker daemon.");
  Counter& stream_reconnects = OneCounter("spacelet_docker_event_stream_reconnects_total",
                                          "How often the event stream was opened again after it broke.");

  Family<Counter>& reconciles =
      Counters("spacelet_reconcile_total", "Reconciliations of an object, by how they ended.");
  Family<Counter>& reconcile_errors =
      Counters("spacelet_reconcile_errors_total", "Reconciliations of an object that failed.");
  Family<Histogram>& reconcile_times =
      Histograms("spacelet_reconcile_time_seconds", "How long reconciliations of an object take.");
  Counter& resyncs = OneCounter("spacelet_resyncs_total", "Full looks at the host.");

  Gauge& queue_depth =
      OneGauge("spacelet_workqueue_depth", "Objects that are ready to be looked at and not taken yet.");
  Counter& queue_adds = OneCounter("spacelet_workqueue_adds_total", "Objects queued.");
  Counter& queue_retries =
      OneCounter("spacelet_workqueue_retries_total", "Objects queued again after an error.");
  Histogram& queue_durations =
      OneHistogram("spacelet_workqueue_queue_duration_seconds",
                   "How long an object waits in the queue before it is taken.", kCallBuckets);
  Gauge& queue_unfinished = OneGauge("spacelet_workqueue_unfinished_work_seconds",
                                     "Seconds of work in progress, summed over the objects being worked on.");

  Family<Gauge>& object_ready = Gauges("spacelet_object_ready", "Whether the object serves.");
  Family<Gauge>& object_synced =
      Gauges("spacelet_object_synced", "Whether the object is as the document wants it.");
  Family<Counter>& drifts =
      Counters("spacelet_drift_detected_total", "Differences found between document and host, by field.");
  Family<Counter>& missed_drifts =
      Counters("spacelet_drift_missed_by_events_total", "Differences that only the resync found, no event.");
  Family<Histogram>& converge_times =
      Histograms("spacelet_time_to_converge_seconds", "From first seen out of sync to in sync and ready.");
  Family<Counter>& rollouts =
      Counters("spacelet_rollouts_total", "Replacements of a container that have ended, by how.");
  Histogram& rollout_durations = OneHistogram("spacelet_rollout_duration_seconds",
                                              "From the decision to replace to its end.", kConvergeBuckets);
  Family<Counter>& steps = Counters("spacelet_plan_steps_total", "Steps of plans that were executed.");
  Family<Counter>& restarts =
      Counters("spacelet_container_restarts_total",
               "Restarts of the container by Docker's restart policy or a failed liveness probe.");
  Family<Gauge>& infos = Gauges("spacelet_container_info", "Image of the running container; always 1.");
  Histogram& pull_durations =
      OneHistogram("spacelet_image_pull_duration_seconds", "How long pulls of images take.", kPullBuckets);
  Counter& pull_bytes = OneCounter("spacelet_image_pull_bytes_total", "Bytes of images pulled.");
  Family<Counter>& expected_seconds =
      Counters("spacelet_expected_running_seconds_total", "Seconds in which the container should have run.");
  Family<Counter>& correct_seconds =
      Counters("spacelet_correct_running_seconds_total",
               "Those of them in which it ran, ready and as the document wants it.");

  Family<Gauge>& delegate_age =
      Gauges("spacelet_delegate_image_age_seconds", "Age of the delegate's image by the month in its tag.");
  Family<Gauge>& delegate_support = Gauges("spacelet_delegate_end_of_support_timestamp_seconds",
                                           "When Harness's support of the delegate's image ends.");
  Family<Gauge>& rival = Gauges("spacelet_rival_manager_detected",
                                "A foreign container that stands in the way; 1 while it does.");
  Counter& unclean_stops =
      OneCounter("spacelet_unclean_runner_stops_total",
                 "Runner stops that were killed at the end of the grace period: VMs may be orphaned.");

  Counter& cpu = OneCounter("process_cpu_seconds_total", "User and system CPU time spent.");
  Gauge& resident = OneGauge("process_resident_memory_bytes", "Resident memory.");
  Gauge& virtual_memory = OneGauge("process_virtual_memory_bytes", "Virtual memory.");
  Gauge& open_fds = OneGauge("process_open_fds", "Open file descriptors.");
  Gauge& max_fds = OneGauge("process_max_fds", "Most file descriptors that may be open.");
  Gauge& start_time =
      OneGauge("process_start_time_seconds", "When the process started, in seconds since the epoch.");
};

void Metrics::Series::CreateAtZero() {
  for (const char* result : kReloadResults) reloads.Add({{"result", result}});
  for (const char* type : kEventTypes) docker_events.Add({{"type", type}});
  for (const std::string& name :
       OperationNames(std::make_index_sequence<std::variant_size_v<plan::Operation>>()))
    for (const char* result : kStepResults) steps.Add({{"operation", name}, {"result", result}});
}

void Metrics::Series::CountAvailability(const std::string& object, Object& known) {
  Availability& a = known.availability;
  const base::Instant now = clock.Monotonic();
  const double seconds = absl::ToDoubleSeconds(now - a.since);
  a.since = now;
  if (!a.expected) return;
  Of(object, expected_seconds, {}).Increment(seconds);
  if (a.correct) Of(object, correct_seconds, {}).Increment(seconds);
}

void Metrics::Series::RefreshProcess() {
  const ProcessStats stats = ReadProcessStats();
  cpu.Increment(stats.cpu_seconds - cpu.Value());
  resident.Set(stats.resident_bytes);
  virtual_memory.Set(stats.virtual_bytes);
  open_fds.Set(stats.open_fds);
  max_fds.Set(stats.max_fds);
  start_time.Set(stats.start_time_seconds);
}

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
    s.Of(object, s.expected_seconds, {});
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
  known.availability.correct = expected && correct;
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

void Metrics::Resynced() { series_->resyncs.Increment(); }

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

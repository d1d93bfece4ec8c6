// The series of the agent: names, help, labels, and the handles of those whose labels are known. Private to
// this package, as is prometheus-cpp.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/mutex.h"
#include "pkg/report/metrics.h"

namespace spacelet::report {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;
using Buckets = Histogram::BucketBoundaries;

// Seconds. From a no-op over a unix socket to the longest stop grace.
inline const Buckets kCallBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                     0.5,   1,      2.5,   5,    10,    30,   60};
inline const Buckets kReconcileBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                          2.5,   5,    10,    30,   60,  300,  900};
inline const Buckets kConvergeBuckets = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};
inline const Buckets kPullBuckets = {0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800};

inline constexpr const char* kStepResults[] = {"success", "error"};

// `value` as a label's value: valid UTF-8 of at most 256 bytes.
std::string Label(absl::string_view value);

// Thread-safety: a handle is thread-safe; families and objects are guarded by mu.
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
    bool expected = false, ready = false, correct = false;
    base::Instant since;
  };
  struct Object {
    std::map<void*, std::function<void()>> removers;  // by child: each takes one series of the object away
    Availability availability;
    Gauge* info = nullptr;
    std::map<std::string, Gauge*> conditions;  // by type: the one that is 1
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
  void SetConditions(const std::string& object, const std::vector<Condition>& now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
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

  Family<Gauge>& web_config_successful =
      Gauges("spacelet_web_config_last_reload_successful",
             "Whether the newest attempt to read the web configuration gave a valid one.");
  Family<Gauge>& web_config_success_time = Gauges("spacelet_web_config_last_reload_success_timestamp_seconds",
                                                  "When the web configuration was last read and valid.");
  Family<Gauge>& certificate_end = Gauges("spacelet_web_config_certificate_not_after_timestamp_seconds",
                                          "Until when the certificate of the HTTP port is good.");
  Family<Counter>& authentications =
      Counters("spacelet_http_authentications_total", "Requests that needed a password, by how they ended.");
  Family<Counter>& handshake_failures =
      Counters("spacelet_http_handshake_failures_total", "TLS handshakes that came to nothing, by why.");
  Family<Gauge>& config_info =
      Gauges("spacelet_config_info",
             "Document in force, and the commit that it is of when it came from Git; always 1.");
  Gauge* config ABSL_GUARDED_BY(mu) = nullptr;
  Family<Counter>& git_fetches =
      Counters("spacelet_git_fetches_total", "Questions to Git for a newer document, by how they ended.");
  Family<Gauge>& git_success_time =
      Gauges("spacelet_git_last_success_timestamp_seconds",
             "When Git last answered, and what it has is in force or was offered.");

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
  Histogram& resync_times = OneHistogram("spacelet_resync_time_seconds",
                                         "How long full looks at the host take.", kReconcileBuckets);

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
  Family<Gauge>& conditions =
      Gauges("spacelet_condition",
             "Conditions as the status shows them: 1 for the status and reason of now, 0 for earlier ones.");
  Family<Counter>& drifts =
      Counters("spacelet_drift_detected_total", "Differences found between document and host, by field.");
  Family<Counter>& missed_drifts =
      Counters("spacelet_drift_missed_by_events_total", "Differences that only the resync found, no event.");
  Family<Histogram>& converge_times =
      Histograms("spacelet_time_to_converge_seconds", "From first seen out of sync to in sync and ready.");
  Family<Counter>& rollouts =
      Counters("spacelet_rollouts_total", "Replacements of a container that have ended, by how.");
  Family<Gauge>& rollouts_waiting =
      Gauges("spacelet_rollout_waiting", "1: a rollout waits for its maintenance window or its splay.");
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
  Family<Counter>& ready_seconds =
      Counters("spacelet_ready_running_seconds_total", "Those of them in which it ran and was ready.");
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

  Family<Counter>& notifications =
      Counters("spacelet_notifications_total", "Notifications of the receiver, by how they ended.");
  Gauge& notifications_queued =
      OneGauge("spacelet_notifications_queued", "Notifications that wait to be delivered.");

  Gauge& boot_to_ready =
      OneGauge("spacelet_boot_to_ready_seconds",
               "From the kernel's boot to the first time that the host was ready; 0 while not known.");

  Counter& cpu = OneCounter("process_cpu_seconds_total", "User and system CPU time spent.");
  Gauge& resident = OneGauge("process_resident_memory_bytes", "Resident memory.");
  Gauge& virtual_memory = OneGauge("process_virtual_memory_bytes", "Virtual memory.");
  Gauge& open_fds = OneGauge("process_open_fds", "Open file descriptors.");
  Gauge& max_fds = OneGauge("process_max_fds", "Most file descriptors that may be open.");
  Gauge& start_time =
      OneGauge("process_start_time_seconds", "When the process started, in seconds since the epoch.");
};

}  // namespace spacelet::report

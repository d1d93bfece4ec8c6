#include "pkg/report/metrics_series.h"

#include "pkg/base/text.h"
#include "pkg/plan/text.h"
#include "pkg/report/process_metrics.h"

namespace spacelet::report {
namespace {

constexpr size_t kMaxLabelBytes = 256;

constexpr const char* kReloadResults[] = {"accepted", "unchanged", "rejected", "unreadable"};
constexpr const char* kNotificationResults[] = {"delivered", "given_up", "dropped"};
constexpr const char* kEventTypes[] = {"container", "network", "other"};

template <size_t... I>
std::vector<std::string> OperationNames(std::index_sequence<I...>) {
  return {std::string(plan::Name(plan::Operation(std::in_place_index<I>)))...};
}

}  // namespace

std::string Label(absl::string_view value) { return base::OneLine(value, kMaxLabelBytes); }

void Metrics::Series::CreateAtZero() {
  for (const char* result : kReloadResults) reloads.Add({{"result", result}});
  for (const char* result : kNotificationResults) notifications.Add({{"result", result}});
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
  if (a.ready) Of(object, ready_seconds, {}).Increment(seconds);
  if (a.correct) Of(object, correct_seconds, {}).Increment(seconds);
}

void Metrics::Series::SetConditions(const std::string& object, const std::vector<Condition>& now) {
  for (const Condition& c : now) {
    Gauge& gauge =
        Of(object, conditions,
           {{"type", Label(c.type)}, {"status", std::string(Name(c.status))}, {"reason", Label(c.reason)}});
    Gauge*& last = objects[object].conditions[c.type];
    if (last != nullptr) last->Set(0);
    gauge.Set(1);
    last = &gauge;
  }
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

}  // namespace spacelet::report

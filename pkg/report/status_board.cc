#include "pkg/report/status_board.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/api/reasons.h"
#include "pkg/base/text.h"
#include "pkg/report/readiness.h"

namespace spacelet::report {
namespace {

template <typename Objects>
auto Position(Objects& objects, const std::string& name) {
  return std::lower_bound(objects.begin(), objects.end(), name,
                          [](const ObjectStatus& o, const std::string& n) { return o.object < n; });
}

// The host's Ready condition out of everything else.
Condition HostReady(const Status& status) {
  const std::vector<std::string> missing = Missing(status);
  Condition ready{api::kReady, TruthOf(missing.empty()), api::reason::kAllReady, "", {}};
  if (missing.empty()) return ready;
  ready.reason = api::reason::kNotReady;
  ready.message = base::OneLine(absl::StrJoin(missing, "; "));
  return ready;
}

}  // namespace

StatusBoard::StatusBoard(base::Clock& clock, Redact redact, std::string agent_version)
    : clock_(clock), redact_(std::move(redact)) {
  base::MutexLock lock(mu_);
  status_.agent = {.version = std::move(agent_version), .started_at = clock_.Now()};
  Changed();
}

std::string StatusBoard::Clean(std::string text) const {
  return base::OneLine(redact_ ? redact_(std::move(text)) : text);
}

void StatusBoard::CleanPlan(PlanSummary& plan) const {
  const auto clean = [this](std::string& text) { text = Clean(std::move(text)); };
  for (PlanSummary::Step& step : plan.steps) {
    clean(step.arguments);
    clean(step.cause);
    for (plan::Change& change : step.changes)
      for (std::string* text : {&change.field, &change.from, &change.to}) clean(*text);
  }
  for (plan::Waiting& waiting : plan.waiting) clean(waiting.for_what);
  for (plan::Conflict& conflict : plan.conflicts) clean(conflict.reason);
  for (plan::Notice& notice : plan.notices) clean(notice.message);
}

void StatusBoard::Changed() {
  Set(status_.conditions, HostReady(status_), clock_.Now());
  ++version_;
  changed_.NotifyAll();
}

void StatusBoard::SetName(std::string name) {
  base::MutexLock lock(mu_);
  if (status_.name == name) return;
  status_.name = std::move(name);
  Changed();
}

void StatusBoard::UpdateConfig(const std::function<void(ConfigStatus&)>& change) {
  base::MutexLock lock(mu_);
  ConfigStatus next = status_.config;
  change(next);
  next.observed_generation = std::max(next.observed_generation, status_.config.observed_generation);
  if (next.error) next.error = Clean(*next.error);
  for (std::string& warning : next.warnings) warning = Clean(warning);
  if (next == status_.config) return;
  status_.config = std::move(next);
  Changed();
}

void StatusBoard::SetDocker(DockerStatus docker) {
  base::MutexLock lock(mu_);
  if (status_.docker == docker) return;
  status_.docker = std::move(docker);
  Changed();
}

void StatusBoard::SetCondition(absl::string_view type, Truth status, absl::string_view reason,
                               std::string message) {
  message = Clean(std::move(message));
  base::MutexLock lock(mu_);
  std::vector<Condition> next = status_.conditions;
  Set(next, {std::string(type), status, std::string(reason), std::move(message), {}}, clock_.Now());
  if (next == status_.conditions) return;
  status_.conditions = std::move(next);
  Changed();
}

void StatusBoard::SetObject(ObjectStatus object) {
  for (Condition& condition : object.conditions) condition.message = Clean(std::move(condition.message));
  CleanPlan(object.plan);
  base::MutexLock lock(mu_);
  auto at = Position(status_.objects, object.object);
  const bool known = at != status_.objects.end() && at->object == object.object;
  std::vector<Condition> conditions = known ? at->conditions : std::vector<Condition>{};
  for (Condition& condition : object.conditions) Set(conditions, std::move(condition), clock_.Now());
  object.conditions = std::move(conditions);
  if (known && !object.last_rollout) object.last_rollout = at->last_rollout;
  if (known && !object.pull) object.pull = at->pull;
  if (known && *at == object) return;
  if (known)
    *at = std::move(object);
  else
    status_.objects.insert(at, std::move(object));
  Changed();
}

void StatusBoard::SetObjectCondition(const std::string& object, absl::string_view type, Truth status,
                                     absl::string_view reason, std::string message) {
  message = Clean(std::move(message));
  base::MutexLock lock(mu_);
  auto at = Position(status_.objects, object);
  if (at == status_.objects.end() || at->object != object) return;
  Set(at->conditions, {std::string(type), status, std::string(reason), std::move(message), {}}, clock_.Now());
  Changed();
}

void StatusBoard::SetObjectPull(const std::string& object, std::optional<PullStatus> pull) {
  base::MutexLock lock(mu_);
  auto at = Position(status_.objects, object);
  if (at == status_.objects.end() || at->object != object || at->pull == pull) return;
  at->pull = std::move(pull);
  Changed();
}

void StatusBoard::SetObjectsUnknown(absl::string_view reason, const std::string& message) {
  const std::string clean = Clean(message);
  base::MutexLock lock(mu_);
  for (ObjectStatus& object : status_.objects) {
    object.state = "unknown";
    object.plan = {};
    for (const char* type : {api::kSynced, api::kReady, api::kProgressing})
      Set(object.conditions, {type, Truth::kUnknown, std::string(reason), clean, {}}, clock_.Now());
  }
  Changed();
}

void StatusBoard::RemoveObject(const std::string& object) {
  base::MutexLock lock(mu_);
  auto at = Position(status_.objects, object);
  if (at == status_.objects.end() || at->object != object) return;
  status_.objects.erase(at);
  Changed();
}

Status StatusBoard::Snapshot() const {
  base::MutexLock lock(mu_);
  return status_;
}

std::optional<ObjectStatus> StatusBoard::Object(const std::string& object) const {
  base::MutexLock lock(mu_);
  const auto at = Position(status_.objects, object);
  if (at == status_.objects.end() || at->object != object) return std::nullopt;
  return *at;
}

std::string StatusBoard::ObjectOf(const std::string& id) const {
  base::MutexLock lock(mu_);
  for (const ObjectStatus& known : status_.objects)
    if (!id.empty() && known.id == id) return known.object;
  return "";
}

std::vector<std::string> StatusBoard::Objects() const {
  base::MutexLock lock(mu_);
  std::vector<std::string> names;
  for (const ObjectStatus& object : status_.objects) names.push_back(object.object);
  return names;
}

uint64_t StatusBoard::version() const {
  base::MutexLock lock(mu_);
  return version_;
}

uint64_t StatusBoard::WaitForChange(uint64_t seen, base::Instant deadline,
                                    const std::stop_token& stop) const {
  std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  base::MutexLock lock(mu_);
  while (version_ == seen && !stop.stop_requested() && clock_.Monotonic() < deadline)
    clock_.WaitUntil(mu_, changed_, deadline);
  return version_;
}

}  // namespace spacelet::report

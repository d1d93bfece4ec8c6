#include "pkg/controller/step_reporter.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/text.h"

namespace spacelet::controller {
namespace {

constexpr absl::Duration kLogEvery = absl::Seconds(10);
constexpr int64_t kLogPercent = 10;

int64_t Percent(const docker::PullProgress& p) {
  return p.bytes_total > 0 ? p.bytes_done * 100 / p.bytes_total : 0;
}

std::string Sentence(const plan::Step& step) {
  return absl::StrCat(plan::Name(step.operation), " ", plan::Describe(step.operation), ": ", step.cause);
}

std::string ProgressText(const docker::PullProgress& p) {
  std::string text = absl::StrCat(p.layers_done, "/", p.layers_total, " layers");
  if (p.bytes_total > 0) absl::StrAppend(&text, ", ", p.bytes_done >> 20, "/", p.bytes_total >> 20, " MiB");
  return text;
}

}  // namespace

void StepReporter::StepStarted(const plan::Step& step) {
  logger_.Debug("step begins", {{"object", step.object}, {"step", Sentence(step)}});
  NoteLimits(step.operation);
  if (execute::ReferenceOf(step.operation).empty()) return;
  {
    base::MutexLock lock(mu_);
    pulls_[step.object] = {.bytes = 0, .started_at = clock_.Now(), .logged = clock_.Monotonic()};
  }
  board_.SetObjectPull(step.object, report::PullStatus{.image = execute::ReferenceOf(step.operation),
                                                       .started_at = clock_.Now()});
  board_.SetObjectCondition(step.object, api::kProgressing, report::Truth::kTrue, api::reason::kPulling,
                            plan::Describe(step.operation));
}

// Before the call: an agent that is killed right after it must not take its own limit for somebody else's.
void StepReporter::NoteLimits(const plan::Operation& operation) {
  const auto* update = std::get_if<plan::UpdateContainer>(&operation);
  if (update == nullptr) return;
  std::set<std::string> limits;
  if (update->resources.nano_cpus) limits.insert("cpus");
  if (update->resources.memory) limits.insert("memory");
  if (memory_.LimitsSet(update->id, limits)) records_.SaveLimitsSet([this] { return memory_.limits_set(); });
}

void StepReporter::ForgetLimits(const plan::Operation& operation) {
  const auto* remove = std::get_if<plan::RemoveContainer>(&operation);
  if (remove != nullptr && memory_.ForgetLimits(remove->id))
    records_.SaveLimitsSet([this] { return memory_.limits_set(); });
}

void StepReporter::PullProgressed(const plan::Step& step, const docker::PullProgress& progress) {
  const absl::Time started_at = CountPulled(step.object, progress.bytes_done);
  board_.SetObjectPull(step.object, report::PullStatus{.image = execute::ReferenceOf(step.operation),
                                                       .layers_done = progress.layers_done,
                                                       .layers_total = progress.layers_total,
                                                       .bytes_done = progress.bytes_done,
                                                       .bytes_total = progress.bytes_total,
                                                       .started_at = started_at});
  board_.SetObjectCondition(step.object, api::kProgressing, report::Truth::kTrue, api::reason::kPulling,
                            absl::StrCat(plan::Describe(step.operation), ": ", ProgressText(progress)));
  if (WorthLogging(step.object, progress))
    logger_.Info("pulling", {{"object", step.object},
                             {"image", plan::Describe(step.operation)},
                             {"progress", ProgressText(progress)}});
}

// Each tenth, and every 10 s: one that crawls is seen to crawl.
bool StepReporter::WorthLogging(const std::string& object, const docker::PullProgress& progress) {
  base::MutexLock lock(mu_);
  Pull& pull = pulls_[object];
  const base::Instant now = clock_.Monotonic();
  const int64_t percent = Percent(progress);
  if (now - pull.logged < kLogEvery && percent - pull.logged_percent < kLogPercent) return false;
  pull.logged = now;
  pull.logged_percent = percent;
  return true;
}

// Progress is cumulative and may step back when Docker tries a layer again.
absl::Time StepReporter::CountPulled(const std::string& object, int64_t bytes) {
  base::MutexLock lock(mu_);
  Pull& pull = pulls_[object];
  metrics_.PulledBytes(std::max<int64_t>(bytes - pull.bytes, 0));
  pull.bytes = std::max(pull.bytes, bytes);
  return pull.started_at;
}

void StepReporter::StepFinished(const plan::Step& step, const absl::Status& status, absl::Duration took) {
  const absl::string_view operation = plan::Name(step.operation);
  metrics_.StepDone(operation, status.ok(), took);
  if (!execute::ReferenceOf(step.operation).empty()) board_.SetObjectPull(step.object, std::nullopt);
  if (!status.ok()) {
    const bool fetch = !execute::ReferenceOf(step.operation).empty() && !absl::IsCancelled(status);
    events_.Record(report::Event::Type::kWarning, step.object,
                   fetch ? execute::FetchReason(step.operation, status) : operation,
                   absl::StrCat(plan::Describe(step.operation), ": ", status.message()));
    return;  // logged where it is decided what follows
  }
  ForgetLimits(step.operation);
  const bool restart = std::holds_alternative<plan::RestartContainer>(step.operation);
  if (restart) metrics_.ContainerRestarted(step.object, 1);
  events_.Record(restart ? report::Event::Type::kWarning : report::Event::Type::kNormal, step.object,
                 operation, absl::StrCat(plan::Describe(step.operation), " (", step.cause, ")"));
  logger_.Info("step done",
               {{"object", step.object}, {"step", Sentence(step)}, {"took", absl::FormatDuration(took)}});
}

}  // namespace spacelet::controller

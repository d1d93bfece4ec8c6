#include "pkg/controller/reconciler.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/api/reasons.h"
#include "pkg/controller/assess.h"
#include "pkg/controller/crash.h"
#include "pkg/controller/retry.h"
#include "pkg/controller/rollout_turns.h"
#include "pkg/controller/targets.h"
#include "pkg/docker/errors.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/text.h"

namespace spacelet::controller {
namespace {

using Kind = Outcome::Kind;

// A removal that Docker has begun, a name that is about to be free.
constexpr absl::Duration kSoon = absl::Milliseconds(250);

std::string NameOf(const std::string& key) { return key.substr(key.find('/') + 1); }

// What differs, for a metric: the fields, or what has to be done about it.
std::set<std::string> DriftFields(const plan::Plan& plan) {
  std::set<std::string> fields;
  for (const plan::Step& step : plan.steps)
    for (const plan::Change& change : step.changes) fields.insert(change.field);
  if (fields.empty() && !plan.steps.empty())
    fields.insert(std::string(plan::Name(plan.steps.front().operation)));
  return fields;
}

// The image that such an object waits for ("image drone/drone-runner-aws:1.0").
std::string PullReference(const plan::Waiting& waiting) {
  return std::string(absl::StripPrefix(waiting.for_what, "image "));
}

// Whether it begins what was made beside an old container that runs.
bool StartsBeside(const plan::Step& step, const std::string& name) {
  const auto* start = std::get_if<plan::StartContainer>(&step.operation);
  return start != nullptr && start->container == plan::NextName(name);
}

// The old container is there, put aside or running still: what failed need not be waited out.
bool CanGoBack(const plan::Plan& plan, const std::string& name, size_t done) {
  if (plan.goes_back) return true;
  if (plan.rolling.empty()) return false;
  if (done < plan.steps.size() && StartsBeside(plan.steps[done], name)) return true;
  const bool proving = std::any_of(plan.waiting.begin(), plan.waiting.end(), [](const plan::Waiting& w) {
    return w.reason == api::reason::kRollingOut;
  });
  const auto renamed = [](const plan::Step& s) {
    return std::holds_alternative<plan::RenameContainer>(s.operation);
  };
  return proving ||
         std::any_of(plan.steps.begin(), plan.steps.begin() + static_cast<std::ptrdiff_t>(done), renamed);
}

// The daemon has answered, and may again: it is neither busy nor going down, nor has somebody been quicker.
bool IsRefusal(const absl::Status& status) {
  constexpr int kConflict = 409, kBusy = 429, kGoingDown = 503;
  const std::optional<int> answer = docker::HttpStatusOf(status);
  return answer && *answer != kConflict && *answer != kBusy && *answer != kGoingDown;
}

// A rollout that has failed, and nobody has kept it yet.
bool IsNewFailure(const std::string& container, const api::RolloutHistory& history,
                  const plan::ObservedState& observed) {
  const auto known = observed.facts.rollouts.find(container);
  return !history.failed.empty() &&
         (known == observed.facts.rollouts.end() || known->second.failed != history.failed);
}

bool GivesUp(const plan::Plan& plan, const plan::ObservedState& observed) {
  return std::any_of(plan.histories.begin(), plan.histories.end(),
                     [&](const auto& one) { return IsNewFailure(one.first, one.second, observed); });
}

bool CanAct(const plan::Plan& plan) { return !plan.steps.empty() && !plan.steps.front().waits; }

}  // namespace

// All there is to know about an object at one time.
struct Reconciler::Look {
  std::string key;
  std::shared_ptr<const desired::Host> host;
  plan::ObservedState observed;
  plan::Plan plan;
  absl::Duration held_back =
      absl::InfiniteDuration();  // until something that was done too often may be done again
  absl::Duration held;           // by a back-off after an error
  absl::Duration settles_in = absl::InfiniteDuration();  // after a crash loop
  Crash crash;
  bool exists = true;
  bool needs_log = false;      // and was not to read it: nothing is reported
  bool ready_changed = false;  // in itself
  bool is_news = false;        // to who depends on it
};

Reconciler::Reconciler(Crashes& crashes, observe::Observer& observer, execute::Executor& executor,
                       probe::Prober& prober, Memory& memory, Images& images, report::StatusBoard& board,
                       report::EventLog& events, report::Metrics& metrics, Rollouts& rollouts,
                       Networks& networks, report::Redact redact,
                       std::function<void(const std::string& key)> on_news)
    : crashes_(crashes),
      observer_(observer),
      executor_(executor),
      prober_(prober),
      memory_(memory),
      images_(images),
      board_(board),
      events_(events),
      metrics_(metrics),
      rollouts_(rollouts),
      networks_(networks),
      redact_(std::move(redact)),
      on_news_(std::move(on_news)) {}

Outcome Reconciler::Reconcile(const std::string& key, const std::stop_token& interrupt,
                              const std::stop_token& shutdown) {
  std::shared_ptr<const desired::Host> host = memory_.host();
  if (host == nullptr) return {};
  absl::StatusOr<plan::ObservedState> observed = observer_.ForKey(key, *host, shutdown);
  if (!observed.ok()) return Unobserved(key, observed.status());

  const Look look = Judge(key, std::move(host), *std::move(observed), Logs::kRead, shutdown);
  const Outcome outcome = Act(look, interrupt, shutdown);
  if (look.is_news) on_news_(key);  // now, as they may need what the steps made
  return outcome;
}

Outcome Reconciler::Act(const Look& look, const std::stop_token& interrupt, const std::stop_token& shutdown) {
  if (!look.exists) return Gone(look);
  if (look.plan.in_sync())
    return {.kind = Kind::kInSync,
            .look_again =
                std::min(look.settles_in, Tidy(look.key, *look.host, look.observed, interrupt, shutdown))};
  if (look.host->suspend) return {.kind = Kind::kSuspended};
  const bool held = look.held > absl::ZeroDuration() && !look.plan.goes_back;
  if (held || !CanAct(look.plan)) return Waiting(look);

  const execute::Report report = executor_.Run(look.plan, interrupt, shutdown);
  memory_.Done(look.plan, report.steps_done, look.observed);
  return AfterSteps(look, report, interrupt);
}

Reconciler::Reviewed Reconciler::Review(const std::string& key, std::shared_ptr<const desired::Host> host,
                                        plan::ObservedState observed) {
  Look look = Judge(key, std::move(host), std::move(observed), Logs::kKnown, {});
  if (!look.exists) Gone(look);
  if (look.is_news) on_news_(key);
  return {std::move(look.plan), look.needs_log};
}

// Completes the facts, plans, and publishes what was found.
Reconciler::Look Reconciler::Judge(const std::string& key, std::shared_ptr<const desired::Host> host,
                                   plan::ObservedState observed, Logs logs, const std::stop_token& shutdown) {
  Look look{.key = key,
            .host = std::move(host),
            .observed = std::move(observed),
            .plan = {},
            .held = {},
            .crash = {}};
  Watch(look);
  FillProbes(look);
  memory_.FillFacts(key, *look.host, look.observed);
  if (const desired::Container* want = look.host->Find(NameOf(key)))
    images_.FillFacts(*want, look.observed.facts);
  rollouts_.FillFacts(NameOf(key), look.observed);
  networks_.FillFacts(*look.host, look.observed.facts);
  look.plan = plan::ComputeFor(key, *look.host, look.observed);
  look.held_back = memory_.HoldBack(look.plan, look.observed);
  look.held = memory_.Held(key);
  look.exists = Exists(key, *look.host, look.observed);
  if (!look.exists) return look;
  look.crash = CrashOf(look, logs, shutdown);
  const bool keeps = !look.host->suspend;
  look.needs_log =
      logs == Logs::kKnown && (look.crash.unread || (keeps && GivesUp(look.plan, look.observed)));
  if (look.needs_log) return look;
  if (keeps) KeepHistories(look, shutdown);
  Publish(look);
  return look;
}

// Before the first step: what was given up is not tried again by an agent that is killed in between.
void Reconciler::KeepHistories(Look& look, const std::stop_token& shutdown) {
  for (const auto& [network, history] : look.plan.networks) networks_.Keep(network, history);
  for (auto& [container, history] : look.plan.histories) {
    if (IsNewFailure(container, history, look.observed)) QuoteLastLines(look, history, shutdown);
    if (redact_ && !history.failed.empty())
      history.failed.back().message = redact_(std::move(history.failed.back().message));
    const api::RolloutHistory before = rollouts_.Keep(container, history);
    TellTurn(look.key, before, history, events_, metrics_);
    look.observed.facts.rollouts[container] = history;
  }
}

// The container that is given up is about to be removed, and its log with it.
void Reconciler::QuoteLastLines(const Look& look, api::RolloutHistory& history,
                                const std::stop_token& shutdown) {
  for (const plan::Step& step : look.plan.steps) {
    const auto* removal = std::get_if<plan::RemoveContainer>(&step.operation);
    if (removal == nullptr) continue;
    for (const docker::Container& c : look.observed.containers) {
      if (c.id != removal->id) continue;
      const std::string words = crashes_.LastWords(plan::ComponentOf(c.labels), c, shutdown);
      std::string& message = history.failed.back().message;
      if (!words.empty()) absl::StrAppend(&message, "; ", words);
    }
    return;
  }
}

void Reconciler::Watch(const Look& look) {
  if (!absl::StartsWith(look.key, "container/")) return;
  const std::string name = NameOf(look.key);
  const desired::Container* want = look.host->Find(name);
  prober_.Watch(name, want == nullptr ? std::vector<probe::Target>() : TargetsOf(*want, look.observed));
}

void Reconciler::FillProbes(Look& look) const {
  plan::Facts& facts = look.observed.facts;
  if (const desired::Container* want = look.host->Find(NameOf(look.key)))
    for (const std::string& dependency : want->depends_on)
      if (const std::optional<bool> ready = prober_.IsReady(dependency)) facts.ready[dependency] = *ready;
  const base::Instant now = prober_.Now();
  for (const docker::Container& c : look.observed.containers) {
    const std::optional<probe::Result> result = prober_.ResultOf(c.id);
    if (!result) continue;
    facts.probes[c.id] = {.ready = result->ready,
                          .was_ready = result->was_ready,
                          .ready_for = result->ready ? now - result->ready_since : absl::ZeroDuration(),
                          .watched_for = now - result->watched_since,
                          .message = result->message,
                          .unalive = result->unalive,
                          .ran_for = now - result->started};
    if (result->work)
      facts.drains[c.id] = {result->work->known, result->work->tasks, now - result->asked_since};
  }
}

void Reconciler::Publish(Look& look) {
  const docker::Container* live = Live(look.key, *look.host, look.observed);
  if (look.crash.settles_in > absl::ZeroDuration()) look.settles_in = look.crash.settles_in;
  report::ObjectStatus status = Assess({.key = look.key,
                                        .host = *look.host,
                                        .observed = look.observed,
                                        .plan = look.plan,
                                        .probe = live == nullptr ? std::nullopt : prober_.ResultOf(live->id),
                                        .crash = look.crash});
  auto history = look.observed.facts.rollouts.find(NameOf(look.key));
  if (history != look.observed.facts.rollouts.end()) status.last_rollout = LastRolloutOf(history->second);
  const bool ready = report::IsTrue(status.conditions, api::kReady);
  const News news = memory_.Record(look.key, {.in_sync = look.plan.in_sync(),
                                              .ready = ready,
                                              .drifted = !look.plan.steps.empty(),
                                              .rolling = !look.plan.rolling.empty(),
                                              .generation = look.host->generation});
  look.ready_changed = news.ready_changed;
  look.is_news = news.ready_changed || news.rolling_changed;
  if (news.drift_began)
    for (const std::string& field : DriftFields(look.plan)) metrics_.Drifted(look.key, field);
  if (news.converged_after) metrics_.Converged(look.key, *news.converged_after);
  if (live != nullptr) {
    metrics_.ContainerInfo(look.key, live->image, live->image_id);
    if (plan::IsOwned(live->labels)) images_.Used(NameOf(look.key), live->image, live->image_id);
    metrics_.ContainerRestarted(look.key, memory_.NewRestarts(look.key, live->id, live->restart_count));
  }
  CountState(look, status);
  KeepError(look, status);
  RecordEvents(look, status);
  board_.SetObject(std::move(status));
}

// Changes of readiness, what a person has to heal, and a rollout that waits for its time.
void Reconciler::RecordEvents(const Look& look, const report::ObjectStatus& status) const {
  using report::Event;
  const report::Condition* ready = report::Find(status.conditions, api::kReady);
  const report::Condition* synced = report::Find(status.conditions, api::kSynced);
  const bool is_ready = ready->status == report::Truth::kTrue;
  if (look.ready_changed)
    events_.Record(is_ready ? Event::Type::kNormal : Event::Type::kWarning, look.key,
                   is_ready ? std::string(api::kReady) : ready->reason, is_ready ? "" : ready->message);
  const std::optional<report::ObjectStatus> before = board_.Object(look.key);
  const report::Condition* was_ready = before ? report::Find(before->conditions, api::kReady) : nullptr;
  if (!look.ready_changed && ready->reason == api::reason::kCrashLoopBackOff &&
      (was_ready == nullptr || was_ready->reason != ready->reason))
    events_.Record(Event::Type::kWarning, look.key, ready->reason, ready->message);
  const report::Condition* was = before ? report::Find(before->conditions, api::kSynced) : nullptr;
  const bool healed_by_people =
      !look.plan.conflicts.empty() ||
      std::any_of(look.plan.notices.begin(), look.plan.notices.end(), [](const auto& n) { return n.blocks; });
  if (healed_by_people && (was == nullptr || was->reason != synced->reason))
    events_.Record(Event::Type::kWarning, look.key, synced->reason, synced->message);
  const report::Condition* progress = report::Find(status.conditions, api::kProgressing);
  const report::Condition* before_that =
      before ? report::Find(before->conditions, api::kProgressing) : nullptr;
  if (look.plan.is_scheduled() && (before_that == nullptr || before_that->reason != progress->reason))
    events_.Record(Event::Type::kNormal, look.key, progress->reason, progress->message);
}

// While a back-off runs, why it runs says more than what is to be done.
void Reconciler::KeepError(const Look& look, report::ObjectStatus& status) {
  for (report::Condition& c : status.conditions)
    if (c.reason == api::reason::kImagePullBackOff)
      for (const plan::Waiting& w : look.plan.waiting)
        if (std::string error = images_.Error(PullReference(w)); !error.empty()) c.message = std::move(error);
  if (look.held <= absl::ZeroDuration() || look.plan.steps.empty() || !look.plan.conflicts.empty()) return;
  const std::optional<report::ObjectStatus> before = board_.Object(look.key);
  if (!before || report::IsTrue(before->conditions, api::kSynced)) return;
  for (const char* type : {api::kSynced, api::kProgressing})
    if (const report::Condition* c = report::Find(before->conditions, type))
      report::Set(status.conditions, *c, {});
}

void Reconciler::CountState(const Look& look, const report::ObjectStatus& status) {
  const bool ready = report::IsTrue(status.conditions, api::kReady);
  const bool synced = report::IsTrue(status.conditions, api::kSynced);
  const report::Condition* condition = report::Find(status.conditions, api::kReady);
  const bool completed = condition != nullptr && condition->reason == api::reason::kCompleted;
  const bool expected = look.host->Find(NameOf(look.key)) != nullptr && !look.host->suspend && !completed;
  // What runs until its time has come is what the document wants until then.
  const bool scheduled = look.plan.is_scheduled();
  metrics_.ObjectState(look.key, ready, synced, expected, ready && (synced || scheduled));
  metrics_.RolloutWaits(look.key, scheduled);
}

Crash Reconciler::CrashOf(const Look& look, Logs logs, const std::stop_token& shutdown) {
  const docker::Container* live = Live(look.key, *look.host, look.observed);
  if (live == nullptr) return {};
  const std::optional<probe::Result> watched = prober_.ResultOf(live->id);
  const absl::Duration ran_for = watched ? prober_.Now() - watched->started : absl::ZeroDuration();
  return crashes_.Of(look.key, plan::ComponentOf(live->labels), *live, ran_for, logs, shutdown);
}

Outcome Reconciler::Gone(const Look& look) {
  board_.RemoveObject(look.key);
  metrics_.ObjectGone(look.key);
  memory_.Forget(look.key);
  crashes_.Forget(look.key);
  on_news_(look.key);
  return {.kind = Kind::kGone};
}

absl::Duration Reconciler::LookAgain(const Look& look) {
  absl::Duration time =
      look.held > absl::ZeroDuration() ? std::min(look.held, look.held_back) : look.held_back;
  time = std::min(time, look.plan.look_again);
  const desired::Container* want = look.host->Find(NameOf(look.key));
  for (const plan::Waiting& w : look.plan.waiting) {
    if (w.reason == api::reason::kPendingRemoval) time = std::min(time, memory_.RemovalWait(look.key));
    if (w.reason == api::reason::kReconciling) time = std::min(time, kSoon);
    if (w.reason == api::reason::kImagePullBackOff) time = std::min(time, images_.Wait(PullReference(w)));
    if (w.reason == api::reason::kWaitingForDependency && w.until == plan::kUntilReady && want != nullptr)
      time = std::min(time, memory_.DependencyWait(*want));
  }
  return time;
}

Outcome Reconciler::Waiting(const Look& look) {
  return {.kind = Kind::kWaiting, .look_again = LookAgain(look)};
}

// Docker's no to the network that is wanted, where another one was there: that one comes back.
bool Reconciler::GivesUpNetwork(const Look& look, const execute::Report& report) {
  if (!report.failed_step || !look.host->network) return false;
  const auto* create = std::get_if<plan::CreateNetwork>(&look.plan.steps[*report.failed_step].operation);
  if (create == nullptr || !(create->config == look.host->network->config) || !IsRefusal(report.cause))
    return false;
  std::string message(report.status.message());
  if (redact_) message = redact_(std::move(message));
  const bool error = docker::HttpStatusOf(report.cause).value_or(0) >= 500;
  return networks_.Refused(*look.host->network, std::move(message), error);
}

Outcome Reconciler::AfterSteps(const Look& look, const execute::Report& report,
                               const std::stop_token& interrupt) {
  for (size_t i = 0; i < report.steps_done; ++i) images_.Fetched(look.plan.steps[i].operation);
  Outcome outcome{.kind = Kind::kActed, .status = report.status};
  if (report.status.ok()) {
    if (!report.stopped_early) return outcome;
    if (interrupt.stop_requested()) outcome.kind = Kind::kInterrupted;
    return interrupt.stop_requested() || report.steps_done > 0 ? outcome : Waiting(look);
  }
  if (absl::IsCancelled(report.status)) {
    outcome.kind = Kind::kInterrupted;
    return outcome;
  }
  outcome.kind = Kind::kFailed;
  outcome.has_fallback =
      CanGoBack(look.plan, NameOf(look.key), report.steps_done) || GivesUpNetwork(look, report);
  if (report.failed_step) {
    const plan::Operation& failed = look.plan.steps[*report.failed_step].operation;
    outcome.pulling = execute::ReferenceOf(failed);
    if (!outcome.pulling.empty())
      images_.FetchFailed(failed, report.cause, std::string(report.status.message()));
  }
  const bool for_change = RetryAfter(report.status, !outcome.pulling.empty()) == Retry::kOnChange;
  report::Condition synced = FailedSync(report.status, !outcome.pulling.empty(), for_change);
  board_.SetObjectCondition(look.key, api::kSynced, synced.status, synced.reason, synced.message);
  board_.SetObjectCondition(look.key, api::kProgressing, report::TruthOf(!for_change), synced.reason,
                            synced.message);
  return outcome;
}

Outcome Reconciler::Unobserved(const std::string& key, const absl::Status& status) {
  if (absl::IsCancelled(status)) return {.kind = Kind::kInterrupted, .status = status};
  for (const char* type : {api::kSynced, api::kReady, api::kProgressing})
    board_.SetObjectCondition(key, type, report::Truth::kUnknown, api::reason::kUnknown,
                              std::string(status.message()));
  const std::shared_ptr<const desired::Host> host = memory_.host();
  const bool expected = host->Find(NameOf(key)) != nullptr && !host->suspend;
  metrics_.ObjectState(key, false, false, expected, false);
  return {.kind = Kind::kFailed, .status = status, .unobserved = true};
}

}  // namespace spacelet::controller

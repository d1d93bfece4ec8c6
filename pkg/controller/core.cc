#include "pkg/controller/core.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>

#include "pkg/api/reasons.h"
#include "pkg/controller/docker_trouble.h"
#include "pkg/controller/retry.h"
#include "pkg/report/readiness.h"

namespace spacelet::controller {
namespace {

namespace reason = api::reason;

constexpr absl::Duration kSoon = absl::Milliseconds(250);
// What only a change can heal is tried again all the same, in case the change was not seen.
constexpr absl::Duration kSlowRetry = absl::Minutes(10);

const char* ResultName(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kWaiting:
      return "waiting";
    case Outcome::Kind::kSuspended:
      return "suspended";
    case Outcome::Kind::kInterrupted:
      return "cancelled";
    case Outcome::Kind::kFailed:
      return RetryAfter(outcome.status, !outcome.pulling.empty()) == Retry::kOnChange ? "terminal" : "error";
    default:
      return "success";
  }
}

bool Is(const report::ObjectStatus& object, const char* type, absl::string_view reason) {
  const report::Condition* condition = report::Find(object.conditions, type);
  return condition != nullptr && condition->reason == reason;
}

// Waits for a time that may be days ahead, and does nothing meanwhile.
bool IsScheduled(const report::ObjectStatus& object) {
  return Is(object, api::kSynced, reason::kWaitingForWindow) &&
         Is(object, api::kProgressing, reason::kWaitingForWindow);
}

// Waits for a person: no time and no event of the agent's own will change it.
bool IsStuck(const report::ObjectStatus& object) {
  static constexpr std::array kStuck = {
      reason::kConflict,         reason::kInvalidPool,  reason::kSecretUnavailable, reason::kCpusExceedHost,
      reason::kImageNeverPulled, reason::kDiskPressure, reason::kRolledBack,        reason::kSuspended};
  const report::Condition* synced = report::Find(object.conditions, api::kSynced);
  return synced != nullptr && std::find(kStuck.begin(), kStuck.end(), synced->reason) != kStuck.end();
}

}  // namespace

Controller::Core::Core(Parts parts, Options options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      records_(parts_.state, parts_.logger),
      memory_(parts_.clock, options_.prune_delay, records_.LoadLimitsSet()),
      rollouts_(records_),
      networks_(records_),
      images_(parts_.clock, records_),
      tags_(parts_.docker, parts_.secrets, parts_.clock, images_,
            {.on_news = [this](const auto& reference, const auto& error) { OnTagNews(reference, error); },
             .docker_is_up = [this] { return IsUp(); }}),
      reporter_(memory_, records_, parts_.board, parts_.events, parts_.metrics, parts_.clock, parts_.logger),
      executor_(parts_.docker, parts_.files, parts_.secrets, parts_.clock, reporter_),
      crashes_(parts_.docker, parts_.clock, parts_.redact),
      reconciler_(crashes_, parts_.observer, executor_, parts_.prober, memory_, images_, parts_.board,
                  parts_.events, parts_.metrics, rollouts_, networks_, parts_.redact,
                  [this](const std::string& key) { QueueDependents(key); }),
      queue_(parts_.clock),
      errors_(absl::Seconds(1), absl::Seconds(60)),
      events_sleep_(parts_.clock),
      resync_sleep_(parts_.clock),
      inputs_sleep_(parts_.clock) {
  queue_.OnTaken([this](absl::Duration waited) { parts_.metrics.QueueTaken(waited); });
  parts_.metrics.BeforeRender([this](report::Metrics& metrics) {
    const workqueue::QueueStats stats = queue_.Stats();
    metrics.QueueState(stats.depth, stats.unfinished_work);
    metrics.StatusIs(parts_.board.Snapshot());
  });
  parts_.prober.OnResult(
      [this](const std::string& workload, const probe::Result&) { Enqueue(plan::ContainerKey(workload)); });
}

// ---- the queue

std::vector<std::string> Controller::Core::KnownKeys() const {
  const std::shared_ptr<const desired::Host> host = memory_.host();
  return WithKnown(host != nullptr ? plan::Keys(*host, {}) : std::vector<std::string>());  // in start order
}

// And what else is on the board.
std::vector<std::string> Controller::Core::WithKnown(std::vector<std::string> keys) const {
  const std::set<std::string> among(keys.begin(), keys.end());
  for (std::string& key : parts_.board.Objects())
    if (!among.contains(key)) keys.push_back(std::move(key));
  return keys;
}

void Controller::Core::Enqueue(const std::string& key) {
  parts_.metrics.QueueAdded();
  queue_.Add(key);
}

void Controller::Core::QueueAll() {
  for (const std::string& key : KnownKeys()) Enqueue(key);
}

void Controller::Core::ReconcileAll() {
  memory_.ReleaseAll();
  images_.ForgetFailures();
  for (const std::string& key : KnownKeys()) errors_.Forget(key);
  QueueAll();
}

void Controller::Core::TryAgain() {
  rollouts_.ForgetFailed();
  networks_.ForgetFailed();
  tags_.AskNow();
  ReconcileAll();
}

// Who waits for this object, or is attached to it.
void Controller::Core::QueueDependents(const std::string& key) {
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (host == nullptr) return;
  const std::string name(key.substr(key.find('/') + 1));
  for (const desired::Container& c : host->containers) {
    const bool attached = plan::NetworkKey(c.network) == key;
    const bool depends = plan::ContainerKey(name) == key &&
                         std::find(c.depends_on.begin(), c.depends_on.end(), name) != c.depends_on.end();
    if (attached || depends) Enqueue(plan::ContainerKey(c.name));
  }
}

absl::Status Controller::Core::RunWorker(const std::stop_token& stop) {
  const std::string loop = "worker-" + std::to_string(++workers_);
  std::stop_callback end(stop, [this] { queue_.ShutDown(); });
  while (std::optional<std::string> key = queue_.Get()) {
    parts_.heartbeats.Expect(loop, kLongestLook);
    Work(*key, stop);
    queue_.Done(*key);
    parts_.heartbeats.Rest(loop);
  }
  return absl::OkStatus();
}

void Controller::Core::Work(const std::string& key, const std::stop_token& stop) {
  const base::Instant begin = parts_.clock.Monotonic();
  std::stop_source work;
  {
    base::MutexLock lock(review_mu_);
    work = memory_.Begin(key);
  }
  std::stop_callback end_with_agent(stop, [&work] { work.request_stop(); });
  const Outcome outcome = reconciler_.Reconcile(key, work.get_token(), stop);
  if (outcome.kind != Outcome::Kind::kGone)
    parts_.metrics.Reconciled(key, ResultName(outcome), parts_.clock.Monotonic() - begin);
  Follow(key, outcome, stop);
  memory_.End(key);  // not before its back-off is known: a resync in between would publish over its error
  if (outcome.unobserved ? MayBeAway(outcome.status) : !IsUp()) CheckDocker(stop).IgnoreError();
}

void Controller::Core::Follow(const std::string& key, const Outcome& outcome, const std::stop_token& stop) {
  switch (outcome.kind) {
    case Outcome::Kind::kInSync:
      errors_.Forget(key);
      if (outcome.look_again < absl::InfiniteDuration()) queue_.AddAfter(key, outcome.look_again);
      return UpdateObservedGeneration();
    case Outcome::Kind::kGone:
      return UpdateObservedGeneration();
    case Outcome::Kind::kSuspended:
      return;
    case Outcome::Kind::kWaiting:
      if (outcome.look_again < absl::InfiniteDuration()) queue_.AddAfter(key, outcome.look_again);
      return;
    case Outcome::Kind::kActed:
      return Enqueue(key);
    case Outcome::Kind::kInterrupted:
      if (!stop.stop_requested()) Enqueue(key);
      return;
    case Outcome::Kind::kFailed:
      return FollowFailure(key, outcome);
  }
}

void Controller::Core::FollowFailure(const std::string& key, const Outcome& outcome) {
  const std::string message(outcome.status.message());
  const Retry retry = RetryAfter(outcome.status, !outcome.pulling.empty());
  const bool first = errors_.failures(key) == 0;
  absl::Duration wait = retry == Retry::kPullBackOff ? images_.Wait(outcome.pulling) : errors_.Next(key);
  if (first && (retry == Retry::kSoon || outcome.has_fallback)) wait = kSoon;
  if (retry == Retry::kOnChange && !outcome.has_fallback) wait = kSlowRetry;
  parts_.logger.Warning("reconcile failed",
                        {{"object", key}, {"error", message}, {"retry_in", absl::FormatDuration(wait)}});
  parts_.metrics.QueueRetried();
  if (retry == Retry::kPullBackOff) {
    Enqueue(key);  // what can be done without that image, or from its archive, is done now
  } else {
    memory_.Hold(key, wait, retry == Retry::kOnChange && !outcome.has_fallback);
    queue_.AddAfter(key, wait);
  }
}

void Controller::Core::UpdateObservedGeneration() {
  int64_t generation = 0, known = 0, observed = 0;
  const auto update = [&](report::ConfigStatus& config) {
    config.observed_generation = std::max(config.observed_generation, observed);
    generation = config.generation;
    known = config.observed_generation;
  };
  parts_.board.UpdateConfig(update);
  // Called after each look at one of n objects; that all are in sync is asked of n only until they were.
  if (discovered_ && known < generation) {
    observed = memory_.ObservedGeneration(KnownKeys());
    parts_.board.UpdateConfig(update);
  }
  parts_.metrics.Generations(generation, known);
}

Progress Controller::Core::GetProgress() const {
  const uint64_t version = parts_.board.version();
  const report::Status status = parts_.board.Snapshot();
  Progress progress{.missing = report::Missing(status)};
  // What was published between the two looks may be what somebody has to wait for.
  if (!discovered_ || !queue_.Idle() || parts_.board.version() != version) return progress;
  progress.converged = progress.missing.empty();
  progress.settled = progress.converged;
  if (progress.converged || !status.docker.available) return progress;
  // All that is known may be of the document before, when this one is so new that nobody is queued for it.
  if (!memory_.LookedAtAll(KnownKeys(), status.config.generation)) return progress;
  int waiting = 0, still = 0;
  for (const report::ObjectStatus& o : status.objects) {
    const bool good = report::IsTrue(o.conditions, api::kSynced) && report::IsTrue(o.conditions, api::kReady);
    if (good) continue;
    if (Is(o, api::kSynced, reason::kWaitingForDependency))
      ++waiting;  // for one of the others
    else if (IsStuck(o) || IsScheduled(o) || memory_.WaitsForChange(o.object))
      ++still;
    else
      return progress;
  }
  // All are good, and about to be observed: that is not settled, it is all but converged.
  const bool observed = status.config.observed_generation == status.config.generation;
  progress.settled = still > 0 || (waiting == 0 && observed);
  return progress;
}

}  // namespace spacelet::controller

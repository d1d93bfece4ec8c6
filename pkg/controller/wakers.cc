#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/base/status_macros.h"
#include "pkg/controller/core.h"
#include "pkg/controller/crash.h"
#include "pkg/controller/docker_trouble.h"
#include "pkg/controller/event_keys.h"

namespace spacelet::controller {
namespace {

using report::Event;
using report::Truth;

constexpr char kEventsLoop[] = "events", kResyncLoop[] = "resync";
// An event stream that ends sooner is opened again after a pause.
constexpr absl::Duration kLastingStream = absl::Seconds(1);
constexpr absl::Duration kListLag = absl::Milliseconds(250);
constexpr absl::Duration kForeignLag = absl::Seconds(1);
constexpr absl::Duration kRivalScanInterval = absl::Minutes(10);
// Ping, a list and the inspects of foreign containers, each within its deadline.
constexpr absl::Duration kConnectLimit = absl::Minutes(10);
constexpr absl::Duration kResyncLimit = absl::Minutes(10);

// Something about a container changed, as opposed to the network events that a refused start makes: a
// back-off that such an event ended would be none.
bool EndsBackOff(const docker::Event& event) {
  static constexpr const char* kActions[] = {"die",   "destroy", "rename", "create",
                                             "start", "unpause", "update"};
  return event.type == "container" &&
         std::find(std::begin(kActions), std::end(kActions), event.action) != std::end(kActions);
}

}  // namespace

// ---- the daemon

bool Controller::Core::IsUp() const {
  base::MutexLock lock(mu_);
  return docker_ == Docker::kUp;
}

absl::Status Controller::Core::CheckDocker(const std::stop_token& stop) {
  absl::StatusOr<docker::EngineInfo> info = parts_.docker.Ping(
      [this] {
        DockerDown(absl::UnavailableError("Docker went away; systemd starts it again (docker.socket)"));
      },
      stop);
  if (info.ok())
    if (const absl::Status met = GetToKnow(*info, stop); !met.ok()) info = met;
  if (absl::IsCancelled(info.status())) return info.status();
  if (!info.ok()) {
    DockerDown(info.status());
  } else if (DockerUp(*info) && listened_) {  // the first time, opening the event stream does it
    ReconcileAll();
  }
  return info.status();
}

absl::Status Controller::Core::GetToKnow(const docker::EngineInfo& info, const std::stop_token& stop) {
  {
    base::MutexLock lock(mu_);
    if (docker_ == Docker::kUp && known_engine_ == info) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const docker::EngineSettings settings, parts_.docker.ReadSettings(stop));
  memory_.SetHostCpus(settings.cpus);
  const bool local = absl::StartsWith(options_.docker_host, "unix://");
  parts_.observer.SetDataRoot(local ? settings.data_root : "");
  base::MutexLock lock(mu_);
  known_engine_ = info;
  return absl::OkStatus();
}

bool Controller::Core::DockerUp(const docker::EngineInfo& info) {
  parts_.metrics.DockerUp(true);
  parts_.board.SetDocker({.available = true,
                          .host = options_.docker_host,
                          .engine_version = info.engine_version,
                          .api_version = info.api_version});
  const Trouble greeting = DockerGreeting(info);
  parts_.board.SetCondition(api::kDockerAvailable, Truth::kTrue, greeting.reason, greeting.message);
  {
    base::MutexLock lock(mu_);
    if (std::exchange(docker_, Docker::kUp) == Docker::kUp) return false;
  }
  tags_.OnDockerUp();
  parts_.events.Record(info.podman ? Event::Type::kWarning : Event::Type::kNormal, report::kHostObject,
                       greeting.reason, greeting.message);
  parts_.logger.Info("docker connected", {{"engine", info.engine_version}, {"api", info.api_version}});
  if (info.podman) parts_.logger.Warning("engine is not supported", {{"reason", greeting.message}});
  return true;
}

void Controller::Core::DockerDown(const absl::Status& ping) {
  const Trouble trouble = DockerTrouble(ping, options_.docker_host);
  parts_.metrics.DockerUp(false);
  report::DockerStatus docker = parts_.board.Snapshot().docker;
  docker.available = false;
  docker.host = options_.docker_host;
  parts_.board.SetDocker(docker);
  parts_.board.SetCondition(api::kDockerAvailable, Truth::kFalse, trouble.reason, trouble.message);
  parts_.board.SetObjectsUnknown(trouble.reason, "Docker is unavailable");
  std::stop_source listening;
  {
    base::MutexLock lock(mu_);
    if (std::exchange(docker_, Docker::kDown) == Docker::kDown) return;
    listening = listening_;
  }
  // A daemon that hung keeps its stream, and of one that is out of reach no end may come: who listens on
  // would not hear that it is back.
  listening.request_stop();
  parts_.events.Record(Event::Type::kWarning, report::kHostObject, trouble.reason, trouble.message);
  parts_.logger.Warning("docker unavailable", {{"reason", trouble.reason}, {"error", trouble.message}});
}

void Controller::Core::ScanRivals(const std::stop_token& stop) {
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (host == nullptr) return;
  const absl::Status status = parts_.observer.ScanRivals(*host, stop);
  if (!status.ok()) parts_.logger.Debug("scan for rivals failed", {{"error", std::string(status.message())}});
}

// ---- events

absl::Status Controller::Core::RunEvents(const std::stop_token& stop) {
  workqueue::BackOff reconnect(absl::Seconds(1), absl::Seconds(30));
  do {
    while (CheckToListen(stop)) {
      reconnect.Forget(kEventsLoop);
      // One that lasted is opened again at once: without it nothing is seen of what happens.
      if (Listen(stop)) continue;
      CheckToListen(stop);
      break;
    }
  } while (events_sleep_.Sleep(reconnect.Next(kEventsLoop), stop));
  parts_.heartbeats.Rest(kEventsLoop);
  return absl::OkStatus();
}

bool Controller::Core::CheckToListen(const std::stop_token& stop) {
  if (stop.stop_requested()) return false;
  parts_.heartbeats.Expect(kEventsLoop, kConnectLimit);
  return CheckDocker(stop).ok();
}

bool Controller::Core::Listen(const std::stop_token& stop) {
  std::stop_source listening;
  {
    base::MutexLock lock(mu_);
    if (docker_ != Docker::kUp) return false;
    listening_ = listening;
  }
  std::stop_callback end_with_agent(stop, [&listening] { listening.request_stop(); });
  std::optional<base::Instant> opened;
  const absl::Status ended = parts_.docker.Stream(
      0,
      [&] {
        opened = parts_.clock.Monotonic();
        OnOpen(stop);
      },
      [this](const docker::Event& event) { OnEvent(event); }, listening.get_token());
  if (stop.stop_requested()) return false;
  parts_.logger.Debug("event stream ended", {{"error", std::string(ended.message())}});
  if (!opened) ReconcileAll();
  return opened && parts_.clock.Monotonic() - *opened >= kLastingStream;
}

void Controller::Core::OnOpen(const std::stop_token& stop) {
  ScanRivals(stop);
  parts_.heartbeats.Rest(kEventsLoop);  // a silent stream is normal
  if (listened_.exchange(true)) parts_.metrics.EventStreamReconnected();
  ReconcileAll();
  resync_sleep_.Wake();
}

void Controller::Core::OnEvent(const docker::Event& event) {
  parts_.metrics.DockerEvent(event.type);
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (host == nullptr) return;
  if (IsUncleanRunnerStop(event, *host)) NoteUncleanStop(event, *host);
  const std::vector<std::string> keys =
      KeysFor(event, *host, [this](const std::string& id) { return parts_.board.ObjectOf(id); });
  for (const std::string& key : keys) {
    if (EndsBackOff(event) && !memory_.Echoes(key)) {
      memory_.Release(key);
      errors_.Forget(key);
    }
    Enqueue(key);
    if (ListLagsBehind(event)) queue_.AddAfter(key, kListLag);
  }
  if (keys.empty()) OnForeignEvent(event);
}

void Controller::Core::NoteUncleanStop(const docker::Event& event, const desired::Host& host) {
  for (const desired::Container& c : host.containers) {
    if (c.component != "runner") continue;
    parts_.events.Record(Event::Type::kWarning, plan::ContainerKey(c.name), api::reason::kUncleanStop,
                         OrphanWarning(c.config.hostname));
  }
  parts_.metrics.UncleanRunnerStop();
  parts_.logger.Warning("runner was killed: its VMs may be orphaned", {{"container", event.actor_id}});
}

// A foreign container that ends may have stood in somebody's way.
void Controller::Core::OnForeignEvent(const docker::Event& event) {
  if (!ListLagsBehind(event)) return;
  for (const std::string& key : KnownKeys())
    if (!memory_.WasInSync(key)) queue_.AddAfter(key, kForeignLag);
}

// ---- the resync

absl::Status Controller::Core::RunResync(const std::stop_token& stop) {
  base::Instant scanned = parts_.clock.Monotonic();
  do {
    parts_.heartbeats.Expect(kResyncLoop, kResyncLimit);
    if (IsUp()) {
      if (parts_.clock.Monotonic() - scanned >= kRivalScanInterval) {
        ScanRivals(stop);
        scanned = parts_.clock.Monotonic();
      }
      Resync(stop);
    }
    parts_.heartbeats.Expect(kResyncLoop, 2 * options_.resync_interval + kResyncLimit);
  } while (resync_sleep_.Sleep(base::Jittered(options_.resync_interval), stop));
  parts_.heartbeats.Rest(kResyncLoop);
  return absl::OkStatus();
}

void Controller::Core::Resync(const std::stop_token& stop) {
  const uint64_t looks = memory_.looks();  // before the host: who looks from now on knows this one or a newer
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (host == nullptr) return;
  const base::Instant begin = parts_.clock.Monotonic();
  LookAtAll(host, looks, stop);
  parts_.metrics.Resynced(parts_.clock.Monotonic() - begin);
}

void Controller::Core::LookAtAll(const std::shared_ptr<const desired::Host>& host, uint64_t looks,
                                 const std::stop_token& stop) {
  const state::LimitsSet limits_set = memory_.limits_set();
  const absl::StatusOr<plan::ObservedState> snapshot = parts_.observer.Snapshot(*host, stop);
  if (!snapshot.ok()) {
    // Each object is looked at by itself: the trouble of one is not the others'.
    if (!stop.stop_requested() && CheckDocker(stop).ok()) QueueAll();
    return;
  }
  ForgetLimitsOfTheGone(limits_set, *snapshot);
  std::set<std::string> rivals;
  for (const plan::Rival& rival : snapshot->rivals) rivals.insert(rival.container.name);
  parts_.metrics.RivalsDetected(rivals);
  const plan::Partition partition(*host, *snapshot);
  for (const std::string& key : WithKnown(plan::Keys(*host, *snapshot)))
    ReviewKey(key, host, partition, looks);
  discovered_ = true;
  UpdateObservedGeneration();
}

// `before`: as it was before `snapshot` was taken, so whatever is not in the snapshot went, and is not about
// to come.
void Controller::Core::ForgetLimitsOfTheGone(const state::LimitsSet& before,
                                             const plan::ObservedState& snapshot) {
  bool changed = false;
  for (const auto& [id, limits] : before)
    if (!snapshot.owned.contains(id)) changed = memory_.ForgetLimits(id) || changed;
  if (changed) records_.SaveLimitsSet([this] { return memory_.limits_set(); });
}

void Controller::Core::ReviewKey(const std::string& key, const std::shared_ptr<const desired::Host>& host,
                                 const plan::Partition& snapshot, uint64_t looks) {
  base::MutexLock lock(review_mu_);
  if (memory_.LookedAtSince(key, looks)) return;  // a worker knows better than `snapshot`
  const bool was_in_sync = memory_.WasInSync(key);
  const auto [plan, needs_log] = reconciler_.Review(key, host, snapshot.For(key));
  if (needs_log) Enqueue(key);
  if (plan.in_sync() || memory_.Held(key) > absl::ZeroDuration()) return;
  if (was_in_sync && !plan.steps.empty()) parts_.metrics.DriftMissedByEvents(key);
  Enqueue(key);
}

}  // namespace spacelet::controller

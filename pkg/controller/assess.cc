#include "pkg/controller/assess.h"

#include <algorithm>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/text.h"

namespace spacelet::controller {
namespace {

using docker::ContainerStatus;
using report::Condition;
using report::Truth;
namespace reason = api::reason;

bool IsNetwork(const std::string& key) { return absl::StartsWith(key, "network/"); }
std::string NameOf(const std::string& key) { return key.substr(key.find('/') + 1); }

Condition Make(const char* type, Truth truth, std::string why, std::string message = "") {
  return {type, truth, std::move(why), std::move(message), {}};
}

std::string Label(const std::map<std::string, std::string>& labels, const char* key) {
  auto it = labels.find(key);
  return it == labels.end() ? "" : it->second;
}

template <typename T, typename F>
std::string Joined(const std::vector<T>& list, F text) {
  return absl::StrJoin(list, "; ", [&](std::string* out, const T& item) { out->append(text(item)); });
}

std::string StepsText(const plan::Plan& plan) {
  return Joined(plan.steps, [](const plan::Step& s) {
    return absl::StrCat(plan::Name(s.operation), " ", plan::Describe(s.operation), " (", s.cause, ")");
  });
}

std::string WaitingText(const plan::Waiting& w) {
  return absl::StrCat("waits for ", w.for_what, " to be ", w.until);
}

const plan::Notice* Blocking(const plan::Plan& plan) {
  for (const plan::Notice& notice : plan.notices)
    if (notice.blocks) return &notice;
  return nullptr;
}

Condition Synced(const Assessment& a) {
  const plan::Plan& plan = a.plan;
  if (!plan.conflicts.empty())
    return Make(api::kSynced, Truth::kFalse, reason::kConflict,
                Joined(plan.conflicts, [](const plan::Conflict& c) { return c.reason; }));
  if (const plan::Notice* notice = Blocking(plan))
    return Make(api::kSynced, Truth::kFalse, notice->reason, notice->message);
  if (a.host.suspend && !plan.in_sync())
    return Make(api::kSynced, Truth::kFalse, reason::kSuspended, StepsText(plan));
  if (!plan.waiting.empty())
    return Make(api::kSynced, Truth::kFalse, plan.waiting.front().reason, Joined(plan.waiting, WaitingText));
  if (!plan.steps.empty()) return Make(api::kSynced, Truth::kFalse, reason::kOutOfSync, StepsText(plan));
  return Make(api::kSynced, Truth::kTrue, reason::kInSync, Joined(plan.notices, [](const plan::Notice& n) {
                return absl::StrCat(n.reason, ": ", n.message);
              }));
}

// A successor is made, or takes the place of the old one.
bool Replaces(const plan::Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& s) {
    return std::holds_alternative<plan::RenameContainer>(s.operation);
  });
}

bool HasPull(const plan::Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& s) {
    return std::holds_alternative<plan::PullImage>(s.operation);
  });
}

Condition Progressing(const Assessment& a) {
  const plan::Plan& plan = a.plan;
  if (plan.in_sync()) return Make(api::kProgressing, Truth::kFalse, reason::kInSync);
  if (a.host.suspend) return Make(api::kProgressing, Truth::kFalse, reason::kSuspended);
  const bool fetches = !plan.steps.empty() && !plan.steps.front().waits && HasPull(plan);
  if (!plan.waiting.empty() && !fetches)
    return Make(api::kProgressing, Truth::kTrue, plan.waiting.front().reason,
                WaitingText(plan.waiting.front()));
  if (plan.steps.empty()) {
    const Condition synced = Synced(a);
    return Make(api::kProgressing, Truth::kFalse, synced.reason);
  }
  if (HasPull(plan)) return Make(api::kProgressing, Truth::kTrue, reason::kPulling);
  return Make(api::kProgressing, Truth::kTrue, Replaces(plan) ? reason::kRollingOut : reason::kReconciling);
}

Condition RunningReady(const Assessment& a) {
  if (a.probe && !a.probe->unalive.empty())
    return Make(api::kReady, Truth::kFalse, reason::kProbeFailed, a.probe->unalive);
  const bool settled = a.crash.settles_in <= absl::ZeroDuration();
  if (settled && a.probe && a.probe->ready) return Make(api::kReady, Truth::kTrue, reason::kRunning);
  const bool was_ready = a.probe && a.probe->was_ready;
  if (!settled || (a.crash.loops && !was_ready))
    return Make(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, a.crash.message);
  return Make(api::kReady, Truth::kFalse, was_ready ? reason::kProbeFailed : reason::kStarting,
              a.probe ? a.probe->message : "");
}

bool PortTaken(const docker::Container& c) {
  return absl::StrContains(c.error, "port is already allocated") ||
         absl::StrContains(c.error, "address already in use");
}

bool WaitsForItsNextStart(const plan::Plan& plan) {
  return std::any_of(plan.waiting.begin(), plan.waiting.end(),
                     [](const plan::Waiting& w) { return w.reason == reason::kCrashLoopBackOff; });
}

Condition ContainerReady(const Assessment& a) {
  const docker::Container* c = Live(a.key, a.host, a.observed);
  if (c == nullptr) return Make(api::kReady, Truth::kFalse, reason::kMissing, "there is no container");
  switch (c->status) {
    case ContainerStatus::kRunning:
      return RunningReady(a);
    case ContainerStatus::kRestarting:
      return Make(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, a.crash.message);
    case ContainerStatus::kExited:
      if (a.plan.in_sync()) return Make(api::kReady, Truth::kTrue, reason::kCompleted, a.crash.message);
      return Make(api::kReady, Truth::kFalse,
                  WaitsForItsNextStart(a.plan) ? reason::kCrashLoopBackOff : reason::kStopped,
                  a.crash.message);
    case ContainerStatus::kCreated:
      return Make(api::kReady, Truth::kFalse, PortTaken(*c) ? reason::kPortInUse : reason::kStopped,
                  c->error.empty() ? "created and not started yet" : c->error);
    case ContainerStatus::kPaused:
      return Make(api::kReady, Truth::kFalse, reason::kStopped, "paused");
    default:
      return Make(api::kReady, Truth::kFalse, reason::kStopped, "being removed");
  }
}

const char* StateName(ContainerStatus status) {
  static constexpr const char* kNames[] = {"created",  "running", "paused", "restarting",
                                           "removing", "exited",  "dead",   "unknown"};
  return kNames[static_cast<size_t>(status)];
}

void DescribeContainer(const Assessment& a, report::ObjectStatus& status) {
  const desired::Container* want = a.host.Find(NameOf(a.key));
  const docker::Container* c = Live(a.key, a.host, a.observed);
  status.component = want != nullptr ? want->component : c != nullptr ? plan::ComponentOf(c->labels) : "";
  if (want != nullptr) status.desired = report::DesiredStatus{want->image(), want->spec_hash};
  status.image = want != nullptr ? want->image() : "";
  status.state = "missing";
  status.conditions.push_back(ContainerReady(a));
  if (c == nullptr) return;
  status.id = c->id;
  status.image = c->image;
  status.image_id = c->image_id;
  status.spec_hash = Label(c->labels, api::kLabelSpecHash);
  status.state = StateName(c->status);
  status.restarts = c->restart_count;
  if (c->started_ever) status.started_at = c->started_at;
}

void DescribeNetwork(const Assessment& a, report::ObjectStatus& status) {
  const docker::Network* network = plan::NetworkToUse(NameOf(a.key), a.observed);
  const std::optional<desired::Network>& want = a.host.network;
  if (want && want->config.name == NameOf(a.key)) status.desired = report::DesiredStatus{"", want->spec_hash};
  status.component = "network";
  status.state = network == nullptr ? "missing" : "present";
  status.conditions.push_back(
      network == nullptr ? Make(api::kReady, Truth::kFalse, reason::kMissing, "there is no such network")
                         : Make(api::kReady, Truth::kTrue, reason::kInSync));
  if (network == nullptr) return;
  status.id = network->id;
  status.spec_hash = Label(network->config.labels, api::kLabelSpecHash);
}

}  // namespace

report::ObjectStatus Assess(const Assessment& a) {
  report::ObjectStatus status;
  status.object = a.key;
  status.conditions.push_back(Synced(a));
  IsNetwork(a.key) ? DescribeNetwork(a, status) : DescribeContainer(a, status);
  status.conditions.push_back(Progressing(a));
  status.plan = report::Summary(a.plan);
  return status;
}

const docker::Container* Live(const std::string& key, const desired::Host& host,
                              const plan::ObservedState& observed) {
  if (IsNetwork(key)) return nullptr;
  const std::string name = NameOf(key);
  if (const desired::Container* want = host.Find(name)) {
    const plan::Parts parts = plan::PartsOf(*want, observed);
    if (parts.current != nullptr) return parts.current;
    if (!parts.strays.empty()) return parts.strays.front();
    return parts.previous != nullptr ? parts.previous : parts.next;
  }
  for (const docker::Container& c : observed.containers)
    if (plan::IsDropped(host, c) && plan::BaseName(c.name) == name) return &c;
  return nullptr;
}

bool Exists(const std::string& key, const desired::Host& host, const plan::ObservedState& observed) {
  const std::string name = NameOf(key);
  if (!IsNetwork(key)) return host.Find(name) != nullptr || Live(key, host, observed) != nullptr;
  if (host.network && host.network->config.name == name) return true;
  return std::any_of(observed.networks.begin(), observed.networks.end(), [&](const docker::Network& n) {
    return n.config.name == name && plan::IsOwned(n.config.labels);
  });
}

report::Condition FailedSync(const absl::Status& status, bool pulling, bool waits_for_change) {
  const char* why = waits_for_change ? reason::kReconcileError : reason::kBackOff;
  if (pulling) why = reason::kImagePullBackOff;
  if (absl::StrContains(status.message(), "port is already allocated") ||
      absl::StrContains(status.message(), "address already in use"))
    why = reason::kPortInUse;
  return Make(api::kSynced, Truth::kFalse, why, std::string(status.message()));
}

}  // namespace spacelet::controller

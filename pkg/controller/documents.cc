// What people and the world outside Docker change: the document, the files and secrets that it names, the
// tags of its images.
#include <utility>

#include "absl/strings/strip.h"
#include "pkg/api/reasons.h"
#include "pkg/config/diagnostic.h"
#include "pkg/controller/core.h"
#include "pkg/report/delegate_support.h"
#include "pkg/report/readiness.h"

namespace spacelet::controller {
namespace {

using report::Event;
using report::Truth;
namespace reason = api::reason;

constexpr char kInputsLoop[] = "inputs";

// What an attempt is in the metrics.
const char* ResultName(source::Attempt::Result result) {
  switch (result) {
    case source::Attempt::Result::kAccepted:
      return "accepted";
    case source::Attempt::Result::kUnchanged:
      return "unchanged";
    case source::Attempt::Result::kRejected:
    case source::Attempt::Result::kForbidden:
      return "rejected";
    default:
      return "unreadable";
  }
}

std::vector<api::SecretSource> SecretsOf(const desired::Container& container) {
  std::vector<api::SecretSource> sources;
  for (const auto& [name, source] : container.secret_env) sources.push_back(source);
  for (const desired::File& file : container.files)
    if (file.secret) sources.push_back(*file.secret);
  if (container.image_pull_secret) sources.push_back(container.image_pull_secret->password);
  return sources;
}

}  // namespace

void Controller::Core::OnDocument(const std::shared_ptr<const source::Snapshot>& snapshot) {
  {
    base::MutexLock lock(mu_);
    snapshot_ = snapshot;
  }
  desired::Compiled compiled = parts_.compile(*snapshot);
  ReportDocument(*snapshot, compiled);
  if (!Adopt(snapshot, std::move(compiled)) || !IsUp()) return;  // Docker's return queues everything
  ScanRivals({});
  QueueAll();
  if (!discovered_) resync_sleep_.Wake();
}

// False when `snapshot` is no longer the newest: its compiled form is of no interest any more.
bool Controller::Core::Adopt(const std::shared_ptr<const source::Snapshot>& snapshot,
                             desired::Compiled compiled) {
  auto host = std::make_shared<const desired::Host>(std::move(compiled.host));
  {
    base::MutexLock lock(mu_);
    if (snapshot != snapshot_) return false;
    memory_.Adopt(host, snapshot->prune_at_once);
  }
  AnnounceObjects(*host);
  for (const std::string& key : KnownKeys()) errors_.Forget(key);
  images_.ForgetFailures();
  tags_.Follow(*host);
  return true;
}

void Controller::Core::ReportDocument(const source::Snapshot& snapshot, const desired::Compiled& compiled) {
  const desired::Host& host = compiled.host;
  parts_.events.SetRevision(snapshot.revision);
  parts_.board.SetName(host.name);
  std::string commit;
  parts_.board.UpdateConfig([&](report::ConfigStatus& config) {
    if (config.revision != snapshot.revision) config.commit = snapshot.commit;
    commit = config.commit;
    config.revision = snapshot.revision;
    config.generation = snapshot.generation;
    config.accepted_at = snapshot.accepted_at;
  });
  parts_.metrics.ConfigInfo(snapshot.revision, commit);
  ReportWarnings(snapshot, compiled);
  parts_.board.SetCondition(api::kSuspended, report::TruthOf(host.suspend),
                            host.suspend ? reason::kSuspended : reason::kReconciling,
                            host.suspend ? "spec.suspend is true: nothing is changed" : "");
  UpdateObservedGeneration();
  std::optional<absl::Time> release;
  for (const desired::Container& container : host.containers)
    if (container.component == "delegate") release = report::DelegateReleaseMonth(container.image());
  parts_.metrics.DelegateRelease(release);
}

// The files that the document names change without it, and their warnings with them. Each new one is logged.
void Controller::Core::ReportWarnings(const source::Snapshot& snapshot, const desired::Compiled& compiled) {
  std::vector<std::string> before, now = compiled.warnings;
  for (const config::Diagnostic& warning : snapshot.warnings) now.push_back(config::ToText(warning));
  parts_.board.UpdateConfig(
      [&](report::ConfigStatus& config) { before = std::exchange(config.warnings, now); });
  for (const std::string& warning : now)
    if (std::find(before.begin(), before.end(), warning) == before.end())
      parts_.logger.Warning("the document has a flaw", {{"warning", warning}});
}

// Every desired object is on the board before it was looked at, as unknown: Docker may be away.
void Controller::Core::AnnounceObjects(const desired::Host& host) {
  auto announce = [this](const std::string& key, const std::string& component, const std::string& image) {
    parts_.metrics.ObjectKnown(key);
    if (parts_.board.Object(key)) return;
    report::ObjectStatus object;
    object.object = key;
    object.component = component;
    object.image = image;
    object.state = "unknown";
    for (const char* type : {api::kSynced, api::kReady, api::kProgressing})
      object.conditions.push_back({type, Truth::kUnknown, reason::kUnknown, "not looked at yet", {}});
    parts_.board.SetObject(std::move(object));
  };
  if (host.network) announce(plan::NetworkKey(host.network->config.name), "network", "");
  for (const desired::Container& c : host.containers)
    announce(plan::ContainerKey(c.name), c.component, c.image());
  const std::vector<report::Condition> conditions = parts_.board.Snapshot().conditions;
  const report::Condition* docker = report::Find(conditions, api::kDockerAvailable);
  if (docker != nullptr && docker->status == Truth::kFalse)
    parts_.board.SetObjectsUnknown(docker->reason, "Docker is unavailable");
}

void Controller::Core::OnAttempt(const source::Attempt& attempt) {
  using Result = source::Attempt::Result;
  const bool good = attempt.result == Result::kAccepted || attempt.result == Result::kUnchanged;
  if (attempt.result != Result::kUnreachable) parts_.metrics.ConfigReloaded(ResultName(attempt.result));
  bool recovered = false;
  parts_.board.UpdateConfig([&](report::ConfigStatus& config) {
    recovered = good && config.error.has_value();
    config.error = good ? std::nullopt : std::optional<std::string>(attempt.error);
    if (good) config.commit = attempt.commit;  // a commit that changes other files is no new document
  });
  parts_.board.SetCondition(api::kConfigAccepted, report::TruthOf(attempt.stands), attempt.reason,
                            attempt.error);
  if (good) parts_.metrics.ConfigInfo(attempt.revision, attempt.commit);
  if (attempt.result == Result::kUnchanged && !recovered) return;
  const std::string version = attempt.commit.empty()
                                  ? attempt.revision
                                  : absl::StrCat(attempt.revision, " of commit ", attempt.commit);
  parts_.events.Record(good ? Event::Type::kNormal : Event::Type::kWarning, report::kHostObject,
                       attempt.reason, good ? version : attempt.error);
}

absl::Status Controller::Core::RunInputs(const std::stop_token& stop) {
  const auto sleep = [&] {
    parts_.heartbeats.Expect(kInputsLoop, options_.poll_interval + kLongestLook);
    return inputs_sleep_.Sleep(options_.poll_interval, stop);
  };
  while (sleep()) CheckInputs(stop);
  parts_.heartbeats.Rest(kInputsLoop);
  return absl::OkStatus();
}

void Controller::Core::CheckInputs(const std::stop_token& stop) {
  std::shared_ptr<const source::Snapshot> snapshot;
  {
    base::MutexLock lock(mu_);
    snapshot = snapshot_;
  }
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (snapshot == nullptr || host == nullptr) return;
  desired::Compiled compiled = parts_.compile(*snapshot);
  if (!(compiled.host == *host)) {
    ReportDocument(*snapshot, compiled);
    if (Adopt(snapshot, std::move(compiled))) QueueAll();
    return;
  }
  ReportWarnings(*snapshot, compiled);
  for (const desired::Container& container : host->containers) {
    const std::vector<api::SecretSource> sources = SecretsOf(container);
    if (sources.empty()) continue;
    const uint64_t version = parts_.secrets.Version(sources, stop);
    const auto [known, first] = secret_versions_.try_emplace(container.name, version);
    // Seen for the first time, it may already be another value than the container was made with.
    if (std::exchange(known->second, version) == version && !first) continue;
    memory_.Release(plan::ContainerKey(container.name));
    if (container.image_pull_secret) images_.ForgetFailure(container.image());
    Enqueue(plan::ContainerKey(container.name));
  }
}

void Controller::Core::OnTagNews(const std::string& reference, const std::string& error) {
  const std::shared_ptr<const desired::Host> host = memory_.host();
  if (!error.empty()) parts_.logger.Warning("registry not asked", {{"image", reference}, {"error", error}});
  for (const desired::Container& c : host->containers) {
    if (!c.auto_update_interval || c.image() != reference) continue;
    const std::string key = plan::ContainerKey(c.name);
    if (!error.empty()) parts_.events.Record(Event::Type::kWarning, key, reason::kAutoUpdateFailed, error);
    Enqueue(key);
  }
}

}  // namespace spacelet::controller

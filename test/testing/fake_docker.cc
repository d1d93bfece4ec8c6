#include "test/testing/fake_docker.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"

namespace spacelet::testing {
namespace {

bool PredefinedNetwork(const docker::Network& network) {
  const std::string& name = network.config.name;
  return name == "bridge" || name == "host" || name == "none";
}

constexpr bool kReads = false, kMutates = true;

}  // namespace

// --- The path of a call

std::string FakeDocker::NameOf(const std::string& object) const {
  if (const auto container = engine_.Inspect(object); container.ok()) return container->name;
  if (const auto network = engine_.InspectNetwork(object); network.ok()) return network->config.name;
  return object;
}

std::optional<Fault> FakeDocker::NextFault(const std::string& operation, bool mutating) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    const bool matches = fault->operation.empty() ? mutating : fault->operation == operation;
    if (!matches || --fault->nth > 0) continue;
    Fault taken = *fault;
    if (--fault->times <= 0) faults_.erase(fault);
    return taken;
  }
  return std::nullopt;
}

absl::Status FakeDocker::Hang(const std::stop_token& stop) {
  const int epoch = hang_epoch_;
  ++hanging_;
  while (epoch == hang_epoch_ && !stop.stop_requested()) changed_.Wait(mu_);
  --hanging_;
  return epoch == hang_epoch_ ? absl::CancelledError("stopped while the daemon hung")
                              : absl::DeadlineExceededError("the daemon hung");
}

absl::Status FakeDocker::Guarded(const std::string& operation, bool mutating, const std::stop_token& stop,
                                 const Perform& perform) {
  if (mutations_left_ && *mutations_left_ <= 0) return absl::UnavailableError("the connection is cut");
  const std::optional<Fault> fault = NextFault(operation, mutating);
  if (fault && fault->kind == Fault::Kind::kHang) return Hang(stop);
  if (fault && fault->kind == Fault::Kind::kFail) return fault->status;
  if (mutating && mutations_left_) --*mutations_left_;
  absl::Status status = perform(engine_);
  if (fault) return absl::UnavailableError("the reply was lost");
  return status;
}

absl::Status FakeDocker::Do(const std::string& operation, const std::string& object, bool mutating,
                            const std::stop_token& stop, const Perform& perform) {
  if (stop.stop_requested()) return absl::CancelledError("stopped");
  // Made and destroyed without the lock, which the callback takes.
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  Call call;
  std::function<void(const Call&)> hook;
  {
    base::MutexLock lock(mu_);
    call = {operation, NameOf(object), mutating, absl::OkStatus()};
    call.status = Guarded(operation, mutating, stop, perform);
    calls_.push_back(call);
    hook = hook_;
  }
  changed_.NotifyAll();
  if (hook) hook(call);
  return call.status;
}

template <typename T>
absl::StatusOr<T> FakeDocker::Ask(const std::string& operation, const std::string& object, bool mutating,
                                  const std::stop_token& stop,
                                  const std::function<absl::StatusOr<T>(FakeEngine&)>& perform) {
  absl::StatusOr<T> answer = absl::UnavailableError("not asked");
  const absl::Status status = Do(operation, object, mutating, stop, [&](FakeEngine& engine) {
    answer = perform(engine);
    return answer.status();
  });
  if (!status.ok()) return status;
  return answer;
}

// --- Reader

absl::StatusOr<docker::EngineInfo> FakeDocker::Ping(const std::function<void()>& /*on_starting*/,
                                                    const std::stop_token& stop) {
  return Ask<docker::EngineInfo>("Ping", "", kReads, stop, [](FakeEngine& engine) { return engine.Info(); });
}

absl::StatusOr<docker::EngineSettings> FakeDocker::ReadSettings(const std::stop_token& stop) {
  return Ask<docker::EngineSettings>("Info", "", kReads, stop,
                                     [](FakeEngine& engine) { return engine.Settings(); });
}

absl::StatusOr<std::vector<docker::ContainerSummary>> FakeDocker::ListContainers(
    const std::string& label, const std::stop_token& stop) {
  return Ask<std::vector<docker::ContainerSummary>>("ListContainers", "", kReads, stop,
                                                    [&](FakeEngine& engine) {
                                                      std::vector<docker::ContainerSummary> rows;
                                                      for (docker::ContainerSummary& row : engine.List()) {
                                                        if (HasLabel(row.labels, label))
                                                          rows.push_back(std::move(row));
                                                      }
                                                      return rows;
                                                    });
}

absl::StatusOr<docker::Container> FakeDocker::InspectContainer(const std::string& id_or_name,
                                                               const std::stop_token& stop) {
  return Ask<docker::Container>("InspectContainer", id_or_name, kReads, stop,
                                [&](FakeEngine& engine) -> absl::StatusOr<docker::Container> {
                                  ASSIGN_OR_RETURN(docker::Container container, engine.Inspect(id_or_name));
                                  if (container.id == id_or_name || container.name == id_or_name)
                                    return container;
                                  return Refuse(404, absl::StrCat("No such container: ", id_or_name));
                                });
}

absl::StatusOr<std::vector<docker::Network>> FakeDocker::FindNetworks(const std::string& name,
                                                                      const std::stop_token& stop) {
  return Ask<std::vector<docker::Network>>("FindNetworks", name, kReads, stop, [&](FakeEngine& engine) {
    std::vector<docker::Network> networks;
    for (docker::Network& network : engine.Networks()) {
      if (network.config.name == name) networks.push_back(std::move(network));
    }
    return networks;
  });
}

absl::StatusOr<std::vector<docker::Network>> FakeDocker::ListNetworks(const std::string& label,
                                                                      const std::stop_token& stop) {
  return Ask<std::vector<docker::Network>>("ListNetworks", "", kReads, stop, [&](FakeEngine& engine) {
    std::vector<docker::Network> networks;
    for (docker::Network& network : engine.Networks()) {
      if (HasLabel(network.config.labels, label)) networks.push_back(std::move(network));
    }
    return networks;
  });
}

absl::StatusOr<docker::Image> FakeDocker::InspectImage(const std::string& reference,
                                                       const std::stop_token& stop) {
  return Ask<docker::Image>("InspectImage", reference, kReads, stop,
                            [&](FakeEngine& engine) { return engine.InspectImage(reference); });
}

absl::StatusOr<std::map<std::string, docker::Image>> FakeDocker::FindImages(
    const std::vector<std::string>& references, const std::stop_token& stop) {
  using Found = std::map<std::string, docker::Image>;
  return Ask<Found>("ListImages", "", kReads, stop, [&](FakeEngine& engine) {
    Found found;
    for (const std::string& reference : references) {
      absl::StatusOr<docker::Image> image = engine.InspectImage(reference);
      if (!image.ok()) continue;
      image->os.clear();
      image->architecture.clear();
      found[reference] = *std::move(image);
    }
    return found;
  });
}

absl::StatusOr<std::string> FakeDocker::DistributionDigest(const std::string& reference,
                                                           const std::optional<docker::RegistryCredential>&,
                                                           const std::stop_token& stop) {
  return Ask<std::string>("DistributionDigest", reference, kReads, stop,
                          [&](FakeEngine& engine) { return engine.DistributionDigest(reference); });
}

absl::StatusOr<std::vector<std::string>> FakeDocker::TailLogs(const std::string& id, int lines,
                                                              const std::stop_token& stop) {
  return Ask<std::vector<std::string>>(
      "TailLogs", id, kReads, stop, [&](FakeEngine& engine) -> absl::StatusOr<std::vector<std::string>> {
        ASSIGN_OR_RETURN(std::vector<std::string> log, engine.Logs(id));
        const auto keep = std::min(log.size(), static_cast<size_t>(std::max(lines, 0)));
        return std::vector<std::string>(log.end() - static_cast<std::ptrdiff_t>(keep), log.end());
      });
}

absl::StatusOr<std::string> FakeDocker::ReadContainerFile(const std::string& id, const std::string& path,
                                                          const std::stop_token& stop) {
  return Ask<std::string>("ReadContainerFile", id, kReads, stop,
                          [&](FakeEngine& engine) { return engine.ReadFile(id, path); });
}

// --- Writer

absl::Status FakeDocker::PullImage(const std::string& reference, const std::string&,
                                   const std::optional<docker::RegistryCredential>&,
                                   const std::function<void(const docker::PullProgress&)>& on_progress,
                                   const std::stop_token& stop) {
  if (on_progress) on_progress({1, 0, 0, 1, absl::StrCat("Pulling ", reference)});
  return Do("PullImage", reference, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Pull(reference); });
}

absl::Status FakeDocker::LoadImage(const std::string& archive_path, const std::stop_token& stop) {
  std::ifstream file(archive_path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(archive_path, ": No such file or directory"));
  std::stringstream archive;
  archive << file.rdbuf();
  return Do("LoadImage", archive_path, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Load(archive.str()); });
}

absl::StatusOr<std::string> FakeDocker::CreateContainer(const docker::CreateContainerRequest& request,
                                                        const std::stop_token& stop) {
  return Ask<std::string>("CreateContainer", request.name, kMutates, stop,
                          [&](FakeEngine& engine) { return engine.CreateContainer(request); });
}

absl::Status FakeDocker::CopyFiles(const std::string& id_or_name,
                                   const std::vector<docker::FileToCopy>& files,
                                   const std::stop_token& stop) {
  return Do("CopyFiles", id_or_name, kMutates, stop, [&](FakeEngine& engine) {
    for (const docker::FileToCopy& file : files) {
      RETURN_IF_ERROR(engine.WriteFile(id_or_name, file.path, file.content));
    }
    return engine.Inspect(id_or_name).status();
  });
}

absl::Status FakeDocker::StartContainer(const std::string& id_or_name, const std::stop_token& stop) {
  return Do("StartContainer", id_or_name, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Start(id_or_name).status(); });
}

absl::Status FakeDocker::StopContainer(const std::string& id, absl::Duration, const std::stop_token& stop) {
  return Do("StopContainer", id, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Stop(id).status(); });
}

absl::Status FakeDocker::KillContainer(const std::string& id, const std::stop_token& stop) {
  return Do("KillContainer", id, kMutates, stop, [&](FakeEngine& engine) { return engine.Kill(id); });
}

absl::Status FakeDocker::RestartContainer(const std::string& id, absl::Duration,
                                          const std::stop_token& stop) {
  return Do("RestartContainer", id, kMutates, stop, [&](FakeEngine& engine) { return engine.Restart(id); });
}

absl::Status FakeDocker::UnpauseContainer(const std::string& id, const std::stop_token& stop) {
  return Do("UnpauseContainer", id, kMutates, stop, [&](FakeEngine& engine) { return engine.Unpause(id); });
}

absl::Status FakeDocker::RenameContainer(const std::string& id_or_name, const std::string& new_name,
                                         const std::stop_token& stop) {
  return Do("RenameContainer", id_or_name, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Rename(id_or_name, new_name); });
}

absl::Status FakeDocker::UpdateContainer(const std::string& id, const docker::LiveResources& resources,
                                         const std::optional<docker::RestartPolicy>& restart_policy,
                                         const std::stop_token& stop) {
  return Do("UpdateContainer", id, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Update(id, resources, restart_policy); });
}

absl::Status FakeDocker::RemoveContainer(const std::string& id, const docker::Removal& how,
                                         const std::stop_token& stop) {
  return Do("RemoveContainer", id, kMutates, stop, [&](FakeEngine& engine) {
    const absl::Status status = engine.Remove(id, how.force);
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  });
}

absl::StatusOr<std::string> FakeDocker::CreateNetwork(const docker::NetworkConfig& config,
                                                      const std::stop_token& stop) {
  return Ask<std::string>("CreateNetwork", config.name, kMutates, stop,
                          [&](FakeEngine& engine) { return engine.CreateNetwork(config); });
}

absl::Status FakeDocker::RemoveNetwork(const std::string& id, const std::stop_token& stop) {
  return Do("RemoveNetwork", id, kMutates, stop,
            [&](FakeEngine& engine) { return engine.RemoveNetwork(id); });
}

absl::Status FakeDocker::ConnectNetwork(const std::string& network_id,
                                        const std::string& container_id_or_name,
                                        const std::vector<std::string>& aliases,
                                        const std::stop_token& stop) {
  return Do("ConnectNetwork", container_id_or_name, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Connect(network_id, container_id_or_name, aliases); });
}

absl::Status FakeDocker::DisconnectNetwork(const std::string& network_id,
                                           const std::string& container_id_or_name, bool force,
                                           const std::stop_token& stop) {
  return Do("DisconnectNetwork", container_id_or_name, kMutates, stop,
            [&](FakeEngine& engine) { return engine.Disconnect(network_id, container_id_or_name, force); });
}

absl::Status FakeDocker::RemoveImage(const std::string& reference_or_id, const std::stop_token& stop) {
  return Do("RemoveImage", reference_or_id, kMutates, stop,
            [&](FakeEngine& engine) { return engine.RemoveImage(reference_or_id); });
}

// --- ProbeSource and EventSource

absl::StatusOr<std::string> FakeDocker::Health(const std::string& id, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const docker::Container container, InspectContainer(id, stop));
  return container.health;
}

absl::StatusOr<int> FakeDocker::Exec(const std::string& id, const std::vector<std::string>&, absl::Duration,
                                     const std::stop_token& stop) {
  return Ask<int>("Exec", id, kReads, stop, [&](FakeEngine& engine) { return engine.Exec(id); });
}

absl::Status FakeDocker::Stream(int64_t since_nano, const std::function<void()>& on_open,
                                const std::function<void(const docker::Event&)>& on_event,
                                const std::stop_token& stop) {
  int epoch = 0;
  int64_t seen = 0;
  RETURN_IF_ERROR(Do("Stream", "", kReads, stop, [&](FakeEngine& engine) {
    if (since_nano == 0) seen = engine.last_event();
    return absl::OkStatus();
  }));
  {
    base::MutexLock lock(mu_);
    epoch = stream_epoch_;
  }
  if (on_open) on_open();
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  while (true) {
    std::vector<docker::Event> events;
    {
      base::MutexLock lock(mu_);
      while (!stop.stop_requested() && epoch == stream_epoch_ && engine_.last_event() == seen)
        changed_.Wait(mu_);
      if (stop.stop_requested()) return absl::OkStatus();
      if (epoch != stream_epoch_) return absl::UnavailableError("the event stream ended");
      events = engine_.EventsAfter(seen, &seen);
    }
    for (const docker::Event& event : events) {
      const bool wanted = event.type == "container" || event.type == "network";
      if (wanted && event.time_nano >= since_nano) on_event(event);
    }
  }
}

// --- The world around it

std::vector<docker::Container> FakeDocker::Containers() {
  return World([](FakeEngine& engine) {
    std::vector<docker::Container> containers;
    for (const docker::ContainerSummary& row : engine.List()) containers.push_back(*engine.Inspect(row.id));
    std::sort(containers.begin(), containers.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return containers;
  });
}

std::vector<docker::Network> FakeDocker::Networks() {
  return World([](FakeEngine& engine) {
    std::vector<docker::Network> networks = engine.Networks();
    networks.erase(std::remove_if(networks.begin(), networks.end(), PredefinedNetwork), networks.end());
    return networks;
  });
}

absl::Time FakeDocker::Now() {
  return World([](FakeEngine& engine) { return engine.Now(); });
}

void FakeDocker::EndStreams() {
  const Notifier notifier(changed_);
  base::MutexLock lock(mu_);
  ++stream_epoch_;
}

void FakeDocker::Heal() {
  base::MutexLock lock(mu_);
  faults_.clear();
}

void FakeDocker::Inject(Fault fault) {
  base::MutexLock lock(mu_);
  faults_.push_back(std::move(fault));
}

void FakeDocker::CutAfter(int mutations) {
  base::MutexLock lock(mu_);
  mutations_left_ = mutations;
}

void FakeDocker::Revive() {
  base::MutexLock lock(mu_);
  mutations_left_.reset();
}

void FakeDocker::ReleaseHangs() {
  const Notifier notifier(changed_);
  base::MutexLock lock(mu_);
  ++hang_epoch_;
}

int FakeDocker::hanging() {
  base::MutexLock lock(mu_);
  return hanging_;
}

void FakeDocker::SetHook(std::function<void(const Call&)> hook) {
  base::MutexLock lock(mu_);
  hook_ = std::move(hook);
}

std::vector<Call> FakeDocker::calls() {
  base::MutexLock lock(mu_);
  return calls_;
}

int FakeDocker::mutating_calls() {
  base::MutexLock lock(mu_);
  return static_cast<int>(
      std::count_if(calls_.begin(), calls_.end(), [](const Call& call) { return call.mutating; }));
}

int FakeDocker::CountCalls(const std::string& operation) {
  base::MutexLock lock(mu_);
  return static_cast<int>(std::count_if(calls_.begin(), calls_.end(),
                                        [&](const Call& call) { return call.operation == operation; }));
}

void FakeDocker::ClearCalls() {
  base::MutexLock lock(mu_);
  calls_.clear();
}

}  // namespace spacelet::testing

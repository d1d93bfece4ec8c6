// docker::Client over FakeEngine, with what a test needs beside it: a log of the calls, scripted faults, a
// hook after every call and the hands of people who change containers behind the agent's back.
//
// Thread-safety: thread-safe. The hook runs without the lock, on the caller's thread.
// Errors: those of docker::Client, with the daemon's text as the message.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/mutex.h"
#include "pkg/docker/client.h"
#include "test/testing/fake_engine.h"

namespace spacelet::testing {

// One call of docker::Client, by the name of its method.
struct Call {
  std::string operation;  // "CreateContainer"
  std::string object;     // the name (never the id) of the container, network or image
  bool mutating = false;
  absl::Status status;
};

// What shall go wrong with a call. Faults are used up in the order of their scripting.
struct Fault {
  enum class Kind {
    kFail,       // not performed, answers `status`
    kLoseReply,  // performed, answers Unavailable
    kHang,       // not performed, blocks until `stop` (Cancelled) or ReleaseHangs() (DeadlineExceeded)
  };
  std::string operation;  // empty: any mutating call
  int nth = 1;            // of the matching calls from now on
  Kind kind = Kind::kFail;
  absl::Status status = absl::UnavailableError("scripted fault");
  int times = 1;  // this many calls, beginning with the n-th
};

class FakeDocker : public docker::Client {
 public:
  explicit FakeDocker(EngineOptions options = {}) : engine_(std::move(options)) {}

  // --- docker::Client
  using docker::Client::Ping;
  absl::StatusOr<docker::EngineInfo> Ping(const std::function<void()>& on_starting,
                                          const std::stop_token& stop) override;
  absl::StatusOr<docker::EngineSettings> ReadSettings(const std::stop_token& stop) override;
  absl::StatusOr<std::vector<docker::ContainerSummary>> ListContainers(const std::string& label,
                                                                       const std::stop_token& stop) override;
  absl::StatusOr<docker::Container> InspectContainer(const std::string& id_or_name,
                                                     const std::stop_token& stop) override;
  absl::StatusOr<std::vector<docker::Network>> FindNetworks(const std::string& name,
                                                            const std::stop_token& stop) override;
  absl::StatusOr<std::vector<docker::Network>> ListNetworks(const std::string& label,
                                                            const std::stop_token& stop) override;
  absl::StatusOr<docker::Image> InspectImage(const std::string& reference,
                                             const std::stop_token& stop) override;
  absl::StatusOr<std::map<std::string, docker::Image>> FindImages(const std::vector<std::string>& references,
                                                                  const std::stop_token& stop) override;
  absl::StatusOr<std::string> DistributionDigest(const std::string& reference,
                                                 const std::optional<docker::RegistryCredential>& credential,
                                                 const std::stop_token& stop) override;
  absl::StatusOr<std::vector<std::string>> TailLogs(const std::string& id, int lines,
                                                    const std::stop_token& stop) override;
  absl::StatusOr<std::string> ReadContainerFile(const std::string& id, const std::string& path,
                                                const std::stop_token& stop) override;
  absl::Status PullImage(const std::string& reference, const std::string& platform,
                         const std::optional<docker::RegistryCredential>& credential,
                         const std::function<void(const docker::PullProgress&)>& on_progress,
                         const std::stop_token& stop) override;
  // The file holds what FakeEngine::Save gave.
  absl::Status LoadImage(const std::string& archive_path, const std::stop_token& stop) override;
  absl::StatusOr<std::string> CreateContainer(const docker::CreateContainerRequest& request,
                                              const std::stop_token& stop) override;
  absl::Status CopyFiles(const std::string& id_or_name, const std::vector<docker::FileToCopy>& files,
                         const std::stop_token& stop) override;
  absl::Status StartContainer(const std::string& id_or_name, const std::stop_token& stop) override;
  absl::Status StopContainer(const std::string& id, absl::Duration grace,
                             const std::stop_token& stop) override;
  absl::Status KillContainer(const std::string& id, const std::stop_token& stop) override;
  absl::Status RestartContainer(const std::string& id, absl::Duration grace,
                                const std::stop_token& stop) override;
  absl::Status UnpauseContainer(const std::string& id, const std::stop_token& stop) override;
  absl::Status RenameContainer(const std::string& id_or_name, const std::string& new_name,
                               const std::stop_token& stop) override;
  absl::Status UpdateContainer(const std::string& id, const docker::LiveResources& resources,
                               const std::optional<docker::RestartPolicy>& restart_policy,
                               const std::stop_token& stop) override;
  absl::Status RemoveContainer(const std::string& id, const docker::Removal& how,
                               const std::stop_token& stop) override;
  absl::StatusOr<std::string> CreateNetwork(const docker::NetworkConfig& config,
                                            const std::stop_token& stop) override;
  absl::Status RemoveNetwork(const std::string& id, const std::stop_token& stop) override;
  absl::Status ConnectNetwork(const std::string& network_id, const std::string& container_id_or_name,
                              const std::vector<std::string>& aliases, const std::stop_token& stop) override;
  absl::Status DisconnectNetwork(const std::string& network_id, const std::string& container_id_or_name,
                                 bool force, const std::stop_token& stop) override;
  absl::Status RemoveImage(const std::string& reference_or_id, const std::stop_token& stop) override;
  absl::Status Stream(int64_t since_nano, const std::function<void()>& on_open,
                      const std::function<void(const docker::Event&)>& on_event,
                      const std::stop_token& stop) override;
  absl::StatusOr<std::string> Health(const std::string& id, const std::stop_token& stop) override;
  absl::StatusOr<int> Exec(const std::string& id, const std::vector<std::string>& argv,
                           absl::Duration timeout, const std::stop_token& stop) override;

  // --- The world around it. `change` gets the FakeEngine: no call is logged and no fault applies; its events
  // are delivered: docker.World([](FakeEngine& engine) { return engine.Seed("runner:1"); }).
  template <typename F>
  auto World(F&& change) ABSL_LOCKS_EXCLUDED(mu_) {
    const Notifier notifier(changed_);
    base::MutexLock lock(mu_);
    return change(engine_);
  }
  std::vector<docker::Container> Containers();  // as inspect shows them, sorted by name
  std::vector<docker::Network> Networks();      // user-defined ones, sorted by id
  absl::Time Now();
  void EndStreams();  // as a daemon's restart does: every Stream returns Unavailable

  void Inject(Fault fault);
  void Heal();  // no fault is left
  // After `mutations` more mutating calls every call fails with Unavailable, as after the agent's or daemon's
  // death, until Revive().
  void CutAfter(int mutations);
  void Revive();
  void ReleaseHangs();
  int hanging() ABSL_LOCKS_EXCLUDED(mu_);  // so many calls hang
  // Called after every call that ended, faulty ones too. For invariants that hold between any two calls.
  void SetHook(std::function<void(const Call&)> hook);

  std::vector<Call> calls();
  int mutating_calls();
  int CountCalls(const std::string& operation);
  void ClearCalls();

  // The path all calls take: fault, `perform` under the lock, log, hook. For FakeDaemon.
  using Perform = std::function<absl::Status(FakeEngine&)>;
  absl::Status Do(const std::string& operation, const std::string& object, bool mutating,
                  const std::stop_token& stop, const Perform& perform) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Wakes the streams once the lock is gone.
  class Notifier {
   public:
    explicit Notifier(base::CondVar& changed) : changed_(changed) {}
    ~Notifier() { changed_.NotifyAll(); }
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

   private:
    base::CondVar& changed_;
  };

  template <typename T>
  absl::StatusOr<T> Ask(const std::string& operation, const std::string& object, bool mutating,
                        const std::stop_token& stop,
                        const std::function<absl::StatusOr<T>(FakeEngine&)>& perform);
  std::optional<Fault> NextFault(const std::string& operation, bool mutating)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Hang(const std::stop_token& stop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Guarded(const std::string& operation, bool mutating, const std::stop_token& stop,
                       const Perform& perform) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string NameOf(const std::string& object) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  base::Mutex mu_;
  base::CondVar changed_;
  FakeEngine engine_ ABSL_GUARDED_BY(mu_);
  std::vector<Call> calls_ ABSL_GUARDED_BY(mu_);
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mu_);
  std::function<void(const Call&)> hook_ ABSL_GUARDED_BY(mu_);
  std::optional<int> mutations_left_ ABSL_GUARDED_BY(mu_);
  int hang_epoch_ ABSL_GUARDED_BY(mu_) = 0, hanging_ ABSL_GUARDED_BY(mu_) = 0;
  int stream_epoch_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace spacelet::testing

// The Docker daemon, given out by role: an observer gets a Reader, an executor a Writer, the watcher an
// EventSource.
//
// Thread-safety: every implementation is thread-safe; calls run side by side.
// Errors (docs/architecture.md has the table): 304 is OK; 400 InvalidArgument; 401/403 PermissionDenied; 404
// NotFound; 409 AlreadyExists on create, else Aborted; 429 ResourceExhausted; 5xx, refused, absent socket,
// EOF Unavailable; a deadline DeadlineExceeded; an answer that cannot be decoded Internal; cancelled by
// `stop` Cancelled. The message is "VERB path: daemon's text", redaction is the logger's. Every call has a
// total deadline of its class (pkg/docker/deadlines.h), from when it is let through: behind systemd's socket
// it may wait before (socket_activation.h). `stop` ends it earlier.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/docker/engine_settings.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

class Reader {
 public:
  virtual ~Reader() = default;
  // /_ping; (re)negotiates the API version.
  // Takes minutes where a Docker went away that systemd starts for this very call; `on_starting` (may be
  // null) is called before that wait (socket_activation.h). Errors: FailedPrecondition when daemon and agent
  // have no API version in common; of a daemon that speaks newer ones only, the first other call tells that.
  virtual absl::StatusOr<EngineInfo> Ping(const std::function<void()>& on_starting,
                                          const std::stop_token& stop) = 0;
  absl::StatusOr<EngineInfo> Ping(const std::stop_token& stop) { return Ping(nullptr, stop); }
  virtual absl::StatusOr<EngineSettings> ReadSettings(const std::stop_token& stop) = 0;
  // All containers, also stopped ones. `label` ("key" or "key=value") narrows; empty is every container of
  // the host.
  virtual absl::StatusOr<std::vector<ContainerSummary>> ListContainers(const std::string& label,
                                                                       const std::stop_token& stop) = 0;
  // By exact name or full id: a name that Docker resolves to an id prefix of something else is NotFound.
  virtual absl::StatusOr<Container> InspectContainer(const std::string& id_or_name,
                                                     const std::stop_token& stop) = 0;
  // Every network of exactly this name (engines before 25 allow several), sorted by id; empty when there is
  // none.
  virtual absl::StatusOr<std::vector<Network>> FindNetworks(const std::string& name,
                                                            const std::stop_token& stop) = 0;
  // Networks that carry `label`, sorted by id. One call: their members need not be filled in (FindNetworks
  // does).
  virtual absl::StatusOr<std::vector<Network>> ListNetworks(const std::string& label,
                                                            const std::stop_token& stop) = 0;
  virtual absl::StatusOr<Image> InspectImage(const std::string& reference, const std::stop_token& stop) = 0;
  // What each of these references (tags or digests) means on this host, in one call; those that are absent
  // are left out. os and architecture are not filled in.
  virtual absl::StatusOr<std::map<std::string, Image>> FindImages(const std::vector<std::string>& references,
                                                                  const std::stop_token& stop) = 0;
  // The digest that the registry has for `reference` now; the daemon asks, nothing is pulled. Compare it with
  // repo_digests, never with an id. Errors: as PullImage.
  virtual absl::StatusOr<std::string> DistributionDigest(const std::string& reference,
                                                         const std::optional<RegistryCredential>& credential,
                                                         const std::stop_token& stop) = 0;
  // The last `lines` log lines of both streams, oldest first, each one line. For crash reasons.
  virtual absl::StatusOr<std::vector<std::string>> TailLogs(const std::string& id, int lines,
                                                            const std::stop_token& stop) = 0;
  // The bytes of one file inside a container (GET archive); at most 1 MiB.
  virtual absl::StatusOr<std::string> ReadContainerFile(const std::string& id, const std::string& path,
                                                        const std::stop_token& stop) = 0;
};

class Writer {
 public:
  virtual ~Writer() = default;
  // Pulls exactly this reference (a tag or digest is always sent). `credential` wins over the agent's
  // config.json. Ends OK only when the stream ended cleanly without an error line. DeadlineExceeded: no byte
  // for the inactivity timeout. `on_progress` is called from this thread, at most a few times a second.
  virtual absl::Status PullImage(const std::string& reference, const std::string& platform,
                                 const std::optional<RegistryCredential>& credential,
                                 const std::function<void(const PullProgress&)>& on_progress,
                                 const std::stop_token& stop) = 0;
  // Loads a `docker save` archive, piece by piece. OK says that the daemon took it, not what was in it.
  // Errors: NotFound no such file; FailedPrecondition not to be read; InvalidArgument refused.
  virtual absl::Status LoadImage(const std::string& archive_path, const std::stop_token& stop) = 0;
  virtual absl::StatusOr<std::string> CreateContainer(const CreateContainerRequest& request,
                                                      const std::stop_token& stop) = 0;  // id
  virtual absl::Status CopyFiles(const std::string& id_or_name, const std::vector<FileToCopy>& files,
                                 const std::stop_token& stop) = 0;
  virtual absl::Status StartContainer(const std::string& id_or_name, const std::stop_token& stop) = 0;
  // Blocks up to `grace` and a little more. Cancelling does not cancel the daemon's stop.
  virtual absl::Status StopContainer(const std::string& id, absl::Duration grace,
                                     const std::stop_token& stop) = 0;
  virtual absl::Status KillContainer(const std::string& id, const std::stop_token& stop) = 0;
  virtual absl::Status RestartContainer(const std::string& id, absl::Duration grace,
                                        const std::stop_token& stop) = 0;
  virtual absl::Status UnpauseContainer(const std::string& id, const std::stop_token& stop) = 0;
  virtual absl::Status RenameContainer(const std::string& id_or_name, const std::string& new_name,
                                       const std::stop_token& stop) = 0;
  // Only what is set is sent; memory and memory_swap go together (see plan::UpdateContainer).
  virtual absl::Status UpdateContainer(const std::string& id, const LiveResources& resources,
                                       const std::optional<RestartPolicy>& restart_policy,
                                       const std::stop_token& stop) = 0;
  // NotFound is OK.
  virtual absl::Status RemoveContainer(const std::string& id, const Removal& how,
                                       const std::stop_token& stop) = 0;
  virtual absl::StatusOr<std::string> CreateNetwork(const NetworkConfig& config,
                                                    const std::stop_token& stop) = 0;  // id
  virtual absl::Status RemoveNetwork(const std::string& id, const std::stop_token& stop) = 0;
  virtual absl::Status ConnectNetwork(const std::string& network_id, const std::string& container_id_or_name,
                                      const std::vector<std::string>& aliases,
                                      const std::stop_token& stop) = 0;
  virtual absl::Status DisconnectNetwork(const std::string& network_id,
                                         const std::string& container_id_or_name, bool force,
                                         const std::stop_token& stop) = 0;
  virtual absl::Status RemoveImage(const std::string& reference_or_id, const std::stop_token& stop) = 0;
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  // Container and network events. Calls `on_open` once the daemon has answered 200, then `on_event` per
  // event, both from this thread, until the stream ends (Unavailable), breaks, or `stop` (OK). `since_nano`
  // 0: from now.
  virtual absl::Status Stream(int64_t since_nano, const std::function<void()>& on_open,
                              const std::function<void(const Event&)>& on_event,
                              const std::stop_token& stop) = 0;
};

// What probes ask. Does not wait while Docker may be stopping, but is Unavailable: a probe that waits holds
// up others.
class ProbeSource {
 public:
  virtual ~ProbeSource() = default;
  // The verdict of Docker's own health check: healthy, unhealthy, starting; empty: there is none.
  virtual absl::StatusOr<std::string> Health(const std::string& id, const std::stop_token& stop) = 0;
  // Runs `argv` in a running container and returns its exit code. For exec probes. Errors: DeadlineExceeded
  // it has not ended in time; InvalidArgument it cannot be run; others say nothing about the command: the
  // daemon does not answer, the container does not run.
  virtual absl::StatusOr<int> Exec(const std::string& id, const std::vector<std::string>& argv,
                                   absl::Duration timeout, const std::stop_token& stop) = 0;
};

class Client : public Reader, public Writer, public EventSource, public ProbeSource {};

}  // namespace spacelet::docker

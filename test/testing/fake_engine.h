// A Docker daemon as a value: the state machine behind FakeDocker and FakeDaemon. Containers, networks and
// images with the refusals of dockerd 20.10, or of the release that `api_version` stands for; no I/O, no
// threads, ids from a counter. test/contract holds it against a real daemon.
//
// Thread-safety: thread-compatible; FakeDocker holds the lock.
// Errors: Refuse() makes them: the status that docker::Client's table gives for the HTTP status, and the HTTP
// status as a payload for FakeDaemon.
#pragma once

#include <climits>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/docker/engine_settings.h"
#include "pkg/docker/types.h"

namespace spacelet::testing {

// What the daemon refuses, as docker::Client reports it. `creates`: a 409 of a create is AlreadyExists, else
// Aborted.
absl::Status Refuse(int http_status, const std::string& message, bool creates = false);
// The HTTP status of a refusal; 500 for a status that Refuse() did not make.
int HttpStatusOf(const absl::Status& status);

// Docker's label filter: "key" or "key=value"; every map has the empty one.
bool HasLabel(const std::map<std::string, std::string>& labels, const std::string& label);

// How the containers of an image behave, and what the image brings along.
struct ImageProfile {
  std::map<std::string, std::string> env;
  std::vector<std::string> cmd = {"serve"};
  std::string os = "linux", architecture = "amd64";
  int64_t size = 4 << 20;
  std::optional<int> exits_at_once;  // every start ends with this code
  std::string start_error;           // the runtime refuses every start with it (400, exit code 127)
  int stop_exit_code = 0;
  std::string health;  // of a running container: "", starting, healthy, unhealthy
  std::vector<std::string> log_lines;
  int exec_exit_code = 0;
};

struct EngineOptions {
  std::string engine_version = "20.10.24+dfsg1", api_version = "1.41", min_api_version = "1.12";
  int cpus = 4;
  std::string data_root = "";           // as /info says it
  std::string addresses = "172.18.0.";  // of containers begin with it
  bool all_host_paths_exist = true;     // false: only those given to AddHostPath
  std::function<absl::Time()> now;      // null: a clock that moves 1 ms with every change, and by Advance()
};

class FakeEngine {
 public:
  explicit FakeEngine(EngineOptions options = {});

  // --- The daemon's API. References to containers are a name, a full id or an unambiguous prefix of one.
  absl::StatusOr<std::string> CreateContainer(const docker::CreateContainerRequest& request);
  absl::StatusOr<bool> Start(const std::string& container);  // false: it was running already (304)
  absl::StatusOr<bool> Stop(const std::string& container);   // false: it was not running (304)
  absl::Status Kill(const std::string& container);
  absl::Status Restart(const std::string& container);
  absl::Status Pause(const std::string& container);
  absl::Status Unpause(const std::string& container);
  absl::Status Rename(const std::string& container, const std::string& new_name);
  absl::Status Update(const std::string& container, const docker::LiveResources& resources,
                      const std::optional<docker::RestartPolicy>& restart_policy);
  absl::Status Remove(const std::string& container, bool force);
  absl::Status WriteFile(const std::string& container, const std::string& path, const std::string& content);
  absl::StatusOr<std::string> ReadFile(const std::string& container, const std::string& path) const;
  absl::StatusOr<std::vector<std::string>> Logs(const std::string& container) const;
  absl::StatusOr<int> Exec(const std::string& container) const;
  absl::StatusOr<docker::Container> Inspect(const std::string& container) const;
  std::vector<docker::ContainerSummary> List() const;  // newest first, as the daemon lists

  // `check_duplicate` false makes a second network of one name, as engines before 25 do for `docker network
  // create`.
  absl::StatusOr<std::string> CreateNetwork(const docker::NetworkConfig& config, bool check_duplicate = true);
  absl::Status RemoveNetwork(const std::string& network);
  absl::Status Connect(const std::string& network, const std::string& container,
                       const std::vector<std::string>& aliases);
  absl::Status Disconnect(const std::string& network, const std::string& container, bool force);
  absl::StatusOr<docker::Network> InspectNetwork(const std::string& network) const;
  std::vector<docker::Network> Networks() const;  // all, sorted by id

  // The registry 127.0.0.1:1 is out of reach; every other one is there.
  absl::Status Pull(const std::string& reference);
  absl::Status Push(const std::string& reference);
  absl::StatusOr<std::string> DistributionDigest(const std::string& reference) const;
  absl::StatusOr<docker::Image> InspectImage(const std::string& reference) const;
  std::vector<docker::Image> Images() const;  // without os and architecture, as the daemon lists
  absl::Status Tag(const std::string& reference, const std::string& new_reference);
  absl::Status RemoveImage(const std::string& reference);
  // An archive of one tag; an image that this engine never had cannot be loaded.
  absl::StatusOr<std::string> Save(const std::string& reference) const;
  absl::Status Load(const std::string& archive);

  docker::EngineInfo Info() const;
  docker::EngineSettings Settings() const;
  const EngineOptions& options() const { return options_; }

  // --- What happens around the daemon.
  // Puts an image into the registry, or moves its tag there: a new id each time. Returns the image's id.
  std::string Publish(const std::string& reference, const ImageProfile& profile = {});
  void Unpublish(const std::string& reference);
  std::string Seed(const std::string& reference, const ImageProfile& profile = {});  // publish and pull
  void AddHostPath(const std::string& path) { host_paths_.insert(path); }
  void OccupyPort(uint16_t port) { occupied_ports_.insert(port); }  // by a process of the host
  void FreePort(uint16_t port) { occupied_ports_.erase(port); }
  absl::Status Exit(const std::string& container, int exit_code);  // its process ends by itself
  // A file of its directory cannot be removed: whoever tries, so many times, leaves it behind dead.
  absl::Status KeepFromRemoval(const std::string& container, int times = INT_MAX);
  void RetryCrashed();  // Docker's back-off of every restarting container is over: one more attempt each
  // Whether a container of this image, once started, stays up and is not unhealthy.
  bool Serves(const std::string& image_id) const;
  absl::Status SetHealth(const std::string& container, const std::string& health);
  void RestartDaemon();  // stops all, then starts what its restart policy brings up at boot
  void Advance(absl::Duration duration) { clock_ += duration; }
  absl::Time Now() const { return options_.now ? options_.now() : clock_; }

  // Events with a number above `after`, and the number of the last. The daemon's ring: 256.
  std::vector<docker::Event> EventsAfter(int64_t after, int64_t* last) const;
  int64_t last_event() const { return events_made_; }

 private:
  struct Record {
    docker::Container view;
    docker::ContainerConfig config;
    std::map<std::string, std::string> files;
    std::set<std::string> joined;  // networks whose attachment shows the aliases that API < 1.45 adds
    bool manually_stopped = false;
    int removals_that_fail = 0;
    int64_t sequence = 0;
  };

  bool Speaks(int minor) const;  // API 1.`minor`
  std::string NewId();
  void Emit(const std::string& type, const std::string& action, const std::string& id,
            std::map<std::string, std::string> attributes);
  void EmitContainer(const Record& record, const std::string& action,
                     const std::map<std::string, std::string>& more = {});
  void EmitNetwork(const std::string& network_id, const std::string& action,
                   const std::string& container_id = "");

  Record* Find(const std::string& container);
  const Record* Find(const std::string& container) const;
  absl::StatusOr<Record*> Get(const std::string& container);
  absl::StatusOr<const Record*> Get(const std::string& container) const;
  absl::Status CheckName(const std::string& name, const std::string& prefix) const;
  absl::Status CheckResources(const docker::LiveResources& resources) const;
  absl::Status CheckConfig(const docker::CreateContainerRequest& request) const;
  docker::Container Show(const Record& record) const;
  const ImageProfile& ProfileOf(const Record& record) const;

  absl::StatusOr<std::string> AskRegistry(const std::string& reference) const;  // an image's id
  void PutIntoRegistry(const std::string& reference, const std::string& image_id);
  std::vector<std::string> NamesOf(const std::string& image_id) const;
  bool HasOneName(const std::string& image_id) const;
  void RemoveName(const std::string& name, const std::string& image_id);

  absl::Status Launch(Record& record);
  absl::Status Attach(Record& record);
  absl::Status AllocatePorts(const Record& record) const;
  void Halt(Record& record, int exit_code);  // the process is gone; no restart policy
  void Die(Record& record, int exit_code);   // and with it
  static bool HasProcess(const Record& record);
  bool RestartsAfter(const Record& record) const;

  const docker::Network* FindNetwork(const std::string& network) const;  // null: none, or ambiguous
  absl::StatusOr<const docker::Network*> GetNetwork(const std::string& network) const;
  std::vector<docker::NetworkMember> Members(const std::string& network_id) const;
  std::string FreeSubnet();

  EngineOptions options_;
  absl::Time clock_ = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z
  int64_t ids_made_ = 0, subnets_made_ = 0, addresses_made_ = 0, events_made_ = 0;
  std::map<std::string, Record> containers_;          // by id
  std::map<std::string, docker::Network> networks_;   // by id
  std::map<std::string, ImageProfile> known_images_;  // every image that was ever published, by id
  std::map<std::string, std::string> registry_;       // tag or digest -> image id
  std::map<std::string, std::string> tags_;           // local tag or digest -> image id
  std::map<std::string, ImageProfile> images_;        // local ones, by id
  std::set<std::string> host_paths_;
  std::set<uint16_t> occupied_ports_;
  std::deque<docker::Event> events_;
};

}  // namespace spacelet::testing

// What Docker's API takes and answers, as plain values; no HTTP and no JSON. Everything is compared and
// printed as Docker means it: sizes in bytes, CPUs in 1e-9, durations and times absl.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace spacelet::docker {

struct EnvVar {
  std::string value;
  bool secret = false;  // never printed; not part of the spec hash (only its name is)
  bool operator==(const EnvVar&) const = default;
};

struct Mount {  // a bind: the source must exist, or the create is refused (Mounts, not Binds)
  std::string source, target;
  bool read_only = false;
  bool operator==(const Mount&) const = default;
};

struct PortBinding {
  std::string host_ip;
  uint16_t host_port = 0, container_port = 0;
  std::string protocol = "tcp";
  bool operator==(const PortBinding&) const = default;
};

struct Device {
  std::string host_path, container_path, permissions = "rwm";
  bool operator==(const Device&) const = default;
};

struct Ulimit {
  std::string name;
  int64_t soft = 0, hard = 0;
  bool operator==(const Ulimit&) const = default;
};

struct LogConfig {
  std::string driver;
  std::map<std::string, std::string> options;
  bool operator==(const LogConfig&) const = default;
};

// Overrides the image's HEALTHCHECK; what is empty or zero stays as the image has it. Without a test in
// either there is no check.
struct HealthConfig {
  std::vector<std::string> test = {};
  absl::Duration interval = {}, timeout = {}, start_period = {};
  int retries = 0;
  bool operator==(const HealthConfig&) const = default;
};

struct RestartPolicy {
  std::string name = "no";  // no, always, unless-stopped, on-failure; "" from old daemons is decoded as "no"
  int max_retries = 0;
  bool operator==(const RestartPolicy&) const = default;
};

// The fields that `docker update` changes in place. In a request nullopt is "do not send"; in an answer it is
// "no limit" (Docker's 0).
struct LiveResources {
  std::optional<int64_t> nano_cpus, memory, memory_swap, pids_limit, cpu_shares;
  bool operator==(const LiveResources&) const = default;
};

// The body of POST /containers/create. Ordered containers: its JSON is canonical.
struct ContainerConfig {
  std::string image;
  std::string hostname;
  std::string user, working_dir;
  std::optional<std::vector<std::string>> entrypoint, cmd;
  std::map<std::string, EnvVar> env;
  std::map<std::string, std::string> labels;
  std::string stop_signal;                     // empty: the image's
  std::optional<absl::Duration> stop_timeout;  // whole seconds
  std::vector<Mount> mounts;
  std::map<std::string, std::string> tmpfs;
  std::vector<PortBinding> ports;
  std::string network_mode;          // a network's name, or "host"
  std::vector<std::string> aliases;  // on that network, without the hostname's duplicate
  bool host_pid = false;
  RestartPolicy restart_policy;
  LiveResources resources;
  LogConfig log;
  std::optional<bool> init;
  bool read_only = false, privileged = false, no_new_privileges = false;
  std::vector<std::string> cap_add, cap_drop;
  std::vector<Device> devices;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::vector<std::string> extra_hosts, dns;
  std::optional<int64_t> shm_size;
  std::optional<HealthConfig> health;
  bool operator==(const ContainerConfig&) const = default;
};

struct CreateContainerRequest {
  std::string name;
  std::string platform;  // os/arch[/variant]; empty: the daemon's
  ContainerConfig config;
  bool operator==(const CreateContainerRequest&) const = default;
};

enum class ContainerStatus { kCreated, kRunning, kPaused, kRestarting, kRemoving, kExited, kDead, kUnknown };

struct Attachment {        // one network of a container
  std::string network_id;  // empty on a container that was created or reconnected and not started yet
  std::string ip;
  std::vector<std::string> aliases;  // API < 1.45 adds the short id and the hostname
  bool operator==(const Attachment&) const = default;
};

// GET /containers/{id}/json, the part that decisions need.
struct Container {
  std::string id, name;  // name without the leading slash
  std::string image;     // as it was asked for at create (podman normalises it)
  std::string image_id;  // "sha256:…" of this daemon; compare only with ImageId of the same daemon
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> env;  // holds secrets in clear: never print, never log
  std::string hostname;
  ContainerStatus status = ContainerStatus::kUnknown;
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;          // State.Error, e.g. of a refused start
  std::string health;         // "", starting, healthy, unhealthy
  int64_t restart_count = 0;  // by Docker's restart policy
  absl::Time created_at = absl::InfinitePast(), started_at = absl::InfinitePast(),
             finished_at = absl::InfinitePast();
  bool started_ever = false;  // StartedAt is not Docker's zero time
  RestartPolicy restart_policy;
  LiveResources resources;
  std::string network_mode;
  std::map<std::string, Attachment> networks;  // network name -> attachment
  std::vector<PortBinding> ports;              // HostConfig.PortBindings
  std::vector<std::string> cmd;                // Config.Cmd (the image's, where the create gave none)
  std::vector<Mount> mounts;                   // binds only, of HostConfig.Mounts and HostConfig.Binds
  std::optional<absl::Duration> stop_timeout;  // Config.StopTimeout
  bool auto_remove = false;                    // docker run --rm: gone as soon as it stops
  bool operator==(const Container&) const = default;
};

// One row of GET /containers/json. Its state lags behind inspect: never decide by it whether something runs.
struct ContainerSummary {
  std::string id, name, image, image_id, state;
  std::map<std::string, std::string> labels;
  std::vector<std::string> networks;  // names
  std::vector<PortBinding> ports;     // published ones
  bool operator==(const ContainerSummary&) const = default;
};

struct Removal {        // of a container
  bool force = false;   // kills it first
  bool volumes = true;  // its anonymous volumes, too
  bool operator==(const Removal&) const = default;
};

struct NetworkConfig {  // the body of POST /networks/create
  std::string name, driver;
  std::string subnet, gateway;  // empty: Docker chooses
  bool ipv6 = false, internal = false;
  std::map<std::string, std::string> options, labels;
  bool operator==(const NetworkConfig&) const = default;
};

struct NetworkMember {
  std::string container_id, container_name;
  bool operator==(const NetworkMember&) const = default;
};

struct Network {  // GET /networks/{id}
  std::string id;
  NetworkConfig config;                // as Docker filled it in
  std::vector<NetworkMember> members;  // running ones only
  bool operator==(const Network&) const = default;
};

struct Image {
  std::string id;
  std::vector<std::string> repo_tags, repo_digests;  // "box:1", "box@sha256:…"
  std::string os, architecture;                      // empty in a list
  int64_t size = 0;                                  // bytes on disk, layers that it shares included
  bool operator==(const Image&) const = default;
};

// One file for CopyFiles.
struct FileToCopy {
  std::string path;  // absolute, in the container
  std::string content;
  uint32_t mode = 0644;
  bool secret = false;
  bool operator==(const FileToCopy&) const = default;
};

// What a ping tells, which costs the daemon nothing: /version and /info run other programs there (containerd,
// runc) and take as long as all that a plan reads.
struct EngineInfo {
  std::string engine_version;  // "20.10.24+dfsg1"; "unknown": something in front of the daemon hides it
  std::string api_version;     // negotiated, "1.41"
  std::string os_type;
  bool podman = false;
  bool operator==(const EngineInfo&) const = default;
};

struct Event {
  std::string type, action, actor_id;
  std::map<std::string, std::string> attributes;
  int64_t time_nano = 0;  // the daemon's wall clock: only ever sent back as `since`
  bool operator==(const Event&) const = default;
};

struct RegistryCredential {
  std::string username, password, identity_token, server_address;
  bool operator==(const RegistryCredential&) const = default;
};

struct PullProgress {
  int layers_total = 0, layers_done = 0;
  int64_t bytes_done = 0, bytes_total = 0;
  std::string status;  // Docker's last status line, for people
};

}  // namespace spacelet::docker

// The document (apiVersion spacelet.dev/v1alpha1, kind GitspaceHost) as plain values: what a person wrote,
// typed. `std::optional` is "not written"; config::ApplyDefaults fills what has a default. No behaviour here.
// The meaning of each field is in docs/configuration.md; the names are the document's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace spacelet::api {

inline constexpr char kApiVersion[] = "spacelet.dev/v1alpha1";
inline constexpr char kKind[] = "GitspaceHost";

// Where a secret comes from. Exactly one of the four; `value` is the secret itself, in the document (warned
// about).
struct SecretSource {
  enum class Kind { kFile, kEnv, kCommand, kValue };
  Kind kind = Kind::kFile;
  std::string file;                                     // kFile: absolute path on the host
  std::string env;                                      // kEnv: name of a variable of the agent
  std::vector<std::string> command;                     // kCommand: program and arguments, no shell
  std::string value;                                    // kValue
  absl::Duration refresh_interval = absl::Minutes(15);  // kCommand; at least 1 min
  bool operator==(const SecretSource&) const = default;
};

struct EnvValue {  // a literal or a secret
  std::string value;
  std::optional<SecretSource> secret;
  bool operator==(const EnvValue&) const = default;
};

enum class PullPolicy { kAlways, kIfNotPresent, kNever };

struct ImagePullSecret {
  std::string username;
  SecretSource password;
  bool operator==(const ImagePullSecret&) const = default;
};

struct File {  // copied into the container before start
  std::string path;
  std::optional<std::string> content;
  std::optional<SecretSource> secret;
  uint32_t mode = 0644;
  bool operator==(const File&) const = default;
};

struct Volume {  // HOST:CONTAINER[:ro]
  std::string host, container;
  bool read_only = false;
  bool operator==(const Volume&) const = default;
};

struct Port {  // [IP:]HOST:CONTAINER[/udp]
  std::string ip = "127.0.0.1";
  uint16_t host = 0, container = 0;
  std::string protocol = "tcp";
  bool operator==(const Port&) const = default;
};

struct Resources {
  std::optional<int64_t> nano_cpus;    // 1e9 is one CPU
  std::optional<int64_t> memory;       // bytes
  std::optional<int64_t> memory_swap;  // bytes, memory + swap; -1 unlimited
  std::optional<int64_t> pids;         // -1 unlimited
  std::optional<int64_t> cpu_shares;
  bool operator==(const Resources&) const = default;
};

struct RestartPolicy {
  enum class Kind { kUnlessStopped, kAlways, kOnFailure, kNo };
  Kind kind = Kind::kUnlessStopped;
  int max_retries = 0;  // kOnFailure; 0 is no limit
  bool operator==(const RestartPolicy&) const = default;
};

struct Logging {
  std::string driver = "json-file";
  std::optional<std::string> max_size;  // Docker's notation, "50m"
  std::optional<int> max_files;
  std::map<std::string, std::string> options;
  bool operator==(const Logging&) const = default;
};

struct Ulimit {
  int64_t soft = 0, hard = 0;
  bool operator==(const Ulimit&) const = default;
};

// Outside Probe: a variant's alternatives must be complete, default member initializers included.
struct ProbeHttpGet {
  std::string path = "/";
  uint16_t port = 0;
  bool operator==(const ProbeHttpGet&) const = default;
};
struct ProbeTcpSocket {
  uint16_t port = 0;
  bool operator==(const ProbeTcpSocket&) const = default;
};
struct ProbeExec {
  std::vector<std::string> command;
  bool operator==(const ProbeExec&) const = default;
};
struct ProbeDockerHealth {
  bool operator==(const ProbeDockerHealth&) const = default;
};

struct Probe {
  using HttpGet = ProbeHttpGet;
  using TcpSocket = ProbeTcpSocket;
  using Exec = ProbeExec;
  using DockerHealth = ProbeDockerHealth;
  std::variant<HttpGet, TcpSocket, Exec, DockerHealth> handler;
  bool not_found_is_ready = false;  // profile only: a runner older than rc.204 answers /healthz with 404
  int initial_delay_seconds = 0, period_seconds = 10, timeout_seconds = 1, failure_threshold = 3,
      success_threshold = 1;
  bool operator==(const Probe&) const = default;
};

// Times in which a rollout may begin (pkg/schedule reads the texts).
struct Window {
  std::string schedule;  // five fields of cron, "0 2 * * 1-5"
  absl::Duration duration = absl::ZeroDuration();
  std::string time_zone = "UTC";  // an IANA name
  bool operator==(const Window&) const = default;
};

struct Rollout {
  enum class Strategy { kRecreate, kStartFirst };
  enum class OnDrainTimeout { kProceed, kDefer };
  Strategy strategy = Strategy::kRecreate;
  absl::Duration progress_deadline = absl::Minutes(10);
  int min_ready_seconds = 10;
  bool auto_rollback = true;
  absl::Duration drain_timeout = absl::Minutes(10);  // runner 30 min
  OnDrainTimeout on_drain_timeout = OnDrainTimeout::kProceed;
  absl::Duration splay = absl::ZeroDuration();
  std::vector<Window> windows;  // empty: always
  bool operator==(const Rollout&) const = default;
};

// What every workload has. Fields a profile decides are optional until ApplyDefaults.
struct Workload {
  std::string image;
  std::optional<PullPolicy> image_pull_policy;
  std::optional<std::string> image_archive;
  std::optional<absl::Duration> auto_update_interval;
  std::optional<ImagePullSecret> image_pull_secret;
  std::optional<std::string> container_name, hostname;
  std::vector<std::string> network_aliases;
  std::optional<std::string> platform;  // os/arch[/variant]
  std::optional<std::vector<std::string>> command, args;
  std::optional<std::string> working_dir, user;
  std::map<std::string, std::string> labels;
  std::map<std::string, EnvValue> env;
  std::vector<File> files;
  std::vector<Volume> volumes;
  std::optional<std::vector<Port>> ports;
  bool host_network = false, host_pid = false;
  Resources resources;
  std::optional<absl::Duration> stop_grace_period;
  std::optional<std::string> stop_signal;
  RestartPolicy restart_policy;
  std::optional<Logging> logging;
  std::optional<bool> init, read_only, no_new_privileges, privileged;
  std::map<std::string, std::string> tmpfs;  // target -> options
  std::vector<std::string> cap_add, cap_drop;
  std::vector<std::string> devices;  // HOST[:CONTAINER[:PERMISSIONS]]
  std::map<std::string, Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::vector<std::string> extra_hosts, dns;
  std::optional<int64_t> shm_size;  // bytes
  std::optional<Probe> readiness_probe, startup_probe, liveness_probe;
  std::optional<std::vector<std::string>> depends_on;  // component names
  Rollout rollout;
  std::vector<std::string> ignore_drift;  // live fields, e.g. "resources.memory"
  bool takeover = false;
  bool operator==(const Workload&) const = default;
};

struct Network {
  std::string name = "harness";
  std::string driver = "bridge";
  std::optional<std::string> subnet, gateway;
  bool ipv6 = false, internal = false;
  std::map<std::string, std::string> options, labels;
  bool operator==(const Network&) const = default;
};

struct Pool {  // where the runner's pool.yaml comes from; absent: the runner's own <directory>/pool.yaml
  std::optional<std::string> file;         // absolute path on the host
  std::optional<std::string> inline_yaml;  // the mapping, emitted again as YAML
  bool operator==(const Pool&) const = default;
};

struct Runner {
  Workload workload;
  std::string directory = "/runner";
  std::optional<Pool> pool;
  bool allow_hostname_change = false;
  bool operator==(const Runner&) const = default;
};

struct Delegate {
  Workload workload;
  std::string name = "docker-delegate";
  std::string account_id;
  SecretSource token;
  std::vector<std::string> tags;
  std::string manager_url = "https://app.harness.io";
  std::string deploy_mode = "KUBERNETES_ONPREM";
  std::optional<std::string> runner_url;
  bool operator==(const Delegate&) const = default;
};

struct GenericContainer {
  std::string name;
  Workload workload;
  bool operator==(const GenericContainer&) const = default;
};

struct Document {
  std::string name;  // metadata.name
  bool suspend = false;
  Network network;
  std::optional<Runner> runner;
  std::optional<Delegate> delegate;
  std::vector<GenericContainer> containers;
  bool operator==(const Document&) const = default;
};

}  // namespace spacelet::api

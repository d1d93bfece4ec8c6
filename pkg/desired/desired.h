// The compiled form of a document: networks, containers, files. The only thing that observe, plan and execute
// know; what a runner or a delegate is has been spelled out before (compile.h, profiles.h). Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/docker/types.h"
#include "pkg/schedule/turn.h"

namespace spacelet::desired {

struct Network {
  docker::NetworkConfig config;  // with all our labels
  std::string spec_hash;         // "v1:<hex>" over the immutable fields, labels for people excluded
  bool operator==(const Network&) const = default;
};

struct Directory {  // made before the create, when absent
  std::string path;
  uint32_t mode = 0755;
  std::string owner;  // the workload's `user`, as PoolFile::owner; empty: root
  bool operator==(const Directory&) const = default;
};

// Written before the create; content-addressed, so never rewritten while a container reads it.
struct PoolFile {
  std::string host_path;  // <directory>/.spacelet/pool-<hash>.yaml
  std::string content;
  std::string hash;   // semantic (pool::SemanticHash)
  std::string owner;  // the workload's `user` ("", "65534", "65534:65534"): who must be able to read it
  bool operator==(const PoolFile&) const = default;
};

struct File {  // copied into the container between create and start
  std::string path;
  std::string content;                      // literal
  std::optional<api::SecretSource> secret;  // or this
  uint32_t mode = 0644;
  bool operator==(const File&) const = default;
};

// Where a workload says how much it is doing: a sample of its Prometheus metrics.
struct DrainMetric {
  uint16_t port = 0;
  std::string path, name;  // "/metrics", "harness_ci_pipeline_running_executions"
  bool operator==(const DrainMetric&) const = default;
};

// A file that a workload keeps its state in and that must outlive its container.
struct StateFile {
  std::string variable;        // of the environment, says where it is in the container
  std::string default_path;    // without that variable
  std::string container_path;  // where the desired container keeps it, on a bind
  std::string host_path;       // the same file seen from the host
  std::string backup_prefix;   // host path of its copies, up to "<spec hash>.sqlite3"
  bool operator==(const StateFile&) const = default;
};

struct Container {
  std::string component;  // runner, delegate or the generic container's name
  std::string name;       // container name
  std::string platform;
  // What is sent to create, with all our labels (spec hash included) and without the values of secret
  // variables.
  docker::ContainerConfig config;
  std::map<std::string, api::SecretSource> secret_env;  // variable -> source
  std::vector<File> files;
  std::optional<PoolFile> pool;
  std::vector<Directory> directories;
  std::string network;  // name; empty with hostNetwork
  std::string spec_hash;
  // Where config.hostname ends with a part of the spec hash, because two of these containers may run side by
  // side: another such name, for one that is made beside a container of the same spec. Else empty.
  std::string spare_hostname;

  api::PullPolicy pull_policy = api::PullPolicy::kIfNotPresent;
  std::optional<std::string> image_archive;
  std::optional<api::ImagePullSecret> image_pull_secret;
  absl::Duration stop_grace = absl::Seconds(10);
  api::RestartPolicy restart_policy;
  std::vector<std::string> depends_on;                     // container names (not components)
  absl::Duration dependency_deadline = absl::Minutes(10);  // the dependencies' longest progressDeadline
  std::optional<api::Probe> readiness, startup, liveness;
  api::Rollout rollout;
  schedule::Policy turns;  // rollout.splay and rollout.windows: when a rollout may begin
  std::optional<DrainMetric> drain;
  std::optional<StateFile> state_file;
  std::optional<absl::Duration> auto_update_interval;
  std::set<std::string> ignore_drift;  // "resources.memory", "restartPolicy", …
  bool takeover = false;
  bool operator==(const Container&) const = default;

  const std::string& image() const { return config.image; }
};

// A problem of one workload that keeps it from being created or changed while what runs is left alone
// (an invalid pool file, a pool that cannot be read).
struct Blocked {
  std::string container;  // container name
  std::string reason;     // api::reason, e.g. InvalidPool
  std::string message;    // with file, line and column
  bool operator==(const Blocked&) const = default;
};

struct Host {
  std::string name;       // metadata.name
  std::string host_name;  // of the machine: tells the hosts of one document apart. Not the document's
  bool suspend = false;
  std::optional<Network> network;     // absent when every container uses the host's network
  std::vector<Container> containers;  // in start order: dependencies first
  std::vector<Blocked> blocked;  // such a container is in `containers` as well, compiled without its pool
  std::string revision;          // of the document, "sha256:<hex>"
  int64_t generation = 0;
  bool operator==(const Host&) const = default;

  const Container* Find(const std::string& container_name) const {
    for (const Container& c : containers)
      if (c.name == container_name) return &c;
    return nullptr;
  }
};

}  // namespace spacelet::desired

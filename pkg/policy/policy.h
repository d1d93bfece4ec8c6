// What a document may ask of this host. A document can come from afar; the policy lies on the host, and says
// no where the document would reach further than whoever may change it should. Pure: what has to be known of
// the host is asked through `Host`. The meaning of each rule is in docs/policy.md.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/api/types.h"
#include "pkg/config/load.h"

namespace spacelet::policy {

inline constexpr char kKind[] = "HostPolicy";
inline constexpr char kUsualFile[] = "/etc/spacelet/policy.yaml";  // named in what people are told to do

// The allowances, as written. A member's place in the policy file, "volumes.hostPaths", is the name of its
// rule, which people alert on: it never changes. Each list adds to that of Baseline().
struct Rules {
  struct Images {
    std::vector<std::string> repositories;  // image patterns (pattern.h)
    std::vector<std::string> archives;      // path patterns
    bool require_digest = false;
  };
  struct Containers {
    bool privileged = false, host_network = false, host_pid = false, takeover = false;
    bool require_no_new_privileges = false;
    std::vector<std::string> capabilities;
    std::vector<std::string> devices;      // path patterns
    std::vector<std::string> sysctls;      // globs, as the two below
    std::vector<std::string> labels;       // of keys; of the network, too
    std::vector<std::string> log_drivers;  // names
    std::vector<std::string> log_options;  // NAME or NAME=VALUE
  };
  struct Volumes {
    std::vector<std::string> host_paths;  // path patterns; with ":ro" only for reading
  };
  struct Ports {
    std::vector<std::string> addresses;
  };
  struct Network {
    std::vector<std::string> names, drivers, subnets, options;
  };
  struct Runner {
    std::vector<std::string> directories, pool_files;  // path patterns
    bool document_pool = false;                        // a pool in the document, or beside it
  };
  struct Delegate {
    std::vector<std::string> manager_hosts, runner_hosts;  // [http://]HOST[:PORT]
  };
  struct Secrets {
    std::vector<std::string> files;                  // path patterns
    std::vector<std::vector<std::string>> commands;  // command patterns
    std::vector<std::string> variables;              // names
  };
  struct Exposure {                      // what may stand beside a secret
    std::vector<std::string> images;     // image patterns
    std::vector<std::string> variables;  // globs
  };
  Images images;
  Containers containers;
  Volumes volumes;
  Ports ports;
  Network network;
  Runner runner;
  Delegate delegate;
  Secrets secrets;
  Exposure exposure;
};

// What the empty policy allows.
const Rules& Baseline();

struct Policy {
  Rules rules;
  std::string file;                  // for messages
  std::map<std::string, int> lines;  // of each rule that is written
};

enum class Origin { kFile, kGit };

// What a check has to know of the host.
struct Host {
  // base::ResolvePath. Null: paths are only normalised.
  std::function<absl::StatusOr<std::string>(const std::string& path)> resolve;
  // Paths that, like /etc and the Docker socket, no pattern with a `*` covers, nor what they lie in: the
  // policy itself, the agent's state, its socket.
  std::vector<std::string> guarded;
};

struct Violation {
  std::string rule;     // "containers.privileged"
  std::string field;    // "spec.containers[0].privileged"
  std::string message;  // "is not allowed"; holds no secret and no argument of a command
  std::string remedy;   // what to do
  bool operator==(const Violation&) const = default;
};

// All violations, in the order of the fields' types. Without a policy (null) a document from a file may
// everything, and one from Git everything but secrets of the host: files, commands and variables.
// Requires: defaults are applied.
std::vector<Violation> Check(const api::Document& document, const Policy* policy, Origin origin,
                             const Host& host);

// As errors at the places of the document's fields, which may be in its overlays, in file order:
// "host.yaml:12:7: spec.…privileged: policy /etc/spacelet/policy.yaml:8 containers.privileged: …".
std::vector<config::Diagnostic> ToDiagnostics(const std::vector<Violation>& violations, const Policy* policy,
                                              const config::Loaded& loaded);

}  // namespace spacelet::policy

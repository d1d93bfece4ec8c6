// What was found on a host, as plain values: the checks are functions of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace spacelet::doctor {

struct DocumentFacts {
  std::string path = {};
  bool asked = false;           // named by -f; else the default place
  std::string unreadable = {};  // why it could not be read; empty: it was
  bool absent = false;
  std::vector<std::string> errors = {}, warnings = {};  // as `validate` says them
  std::string exposed = {}, exposed_remedy = {};  // who else can write it, and what to do; empty: nobody
  std::vector<int> lines_to_edit = {};            // of a starter document, still marked "# EDIT"
  bool usable() const { return unreadable.empty() && errors.empty() && !path.empty(); }
};

// A file that the document names.
struct FileFacts {
  std::string field = {}, path = {};
  bool secret = false;
  std::string problem = {};     // why it cannot be read; empty: it can
  bool denied = false;          // it may be there: this user may not look
  std::string permission = {};  // others may read it, with the remedy; empty: they may not
};

// A secret's command. It is not run.
struct CommandFacts {
  std::string field = {}, program = {};
  bool found = false;
};

struct PoolFacts {
  bool wanted = false;     // the document has a runner
  bool unread = false;     // its file is not there, or not for this user: CheckFiles says so
  std::string error = {};  // what the lint, or a key that is not there, says
  std::vector<std::string> warnings = {};
};

struct EngineFacts {
  std::string version = {}, api = {};
  bool podman = false;
  std::string storage_driver = {}, cgroup_version = {}, data_root = {};
  bool memory_limit = true, live_restore = false;
  int cpus = 0;
};

struct DockerFacts {
  std::string host = {};    // "unix:///var/run/docker.sock"
  std::string socket = {};  // its path; empty: over the network
  bool socket_exists = false, installed = false;
  std::string socket_owner = {}, socket_group = {};
  uint32_t socket_mode = 0;
  std::string user = {};       // who asks
  bool user_in_group = false;  // of the socket, by the group's database: a new login will have it
  absl::Status answer = {};    // of the ping
  EngineFacts engine;          // when it answered
};

struct UnitFacts {              // of systemd
  std::string file_state = {};  // "enabled", "disabled", "masked", …; empty: there is no such unit
  std::string active = {};      // "active", "failed", …
  std::string result = {};      // "success", "exit-code", …
};

struct BootFacts {
  bool systemd = false;
  UnitFacts docker, socket;
};

struct DirectoryFacts {
  std::string path = {};
  std::string unreachable = {};  // errno's text of the stat; empty with !exists: it is not there
  bool exists = false, is_directory = false, read_only = false, writable = false;
  uint32_t mode = 0;
  std::string owner = {}, file_system = {};
};

enum class Holder { kNobody, kOurs, kContainer, kProcess, kUnknown };
struct PortFacts {
  std::string container = {};  // the document's that publishes it; empty: the default runner's
  std::string address = {};    // "127.0.0.1:3000/tcp"
  Holder holder = Holder::kNobody;
  std::string who = {};  // "python3 (pid 17)", "container web"
  std::string fix = {};  // how to free it; empty: it is not known
};

struct RivalFacts {
  std::string reason = {};  // with what can be done
  bool blocks = false;
};

// Of the agent's document in Git.
struct GitFacts {
  std::string source = {};                // as given to --config; empty: it is a file, or not known
  std::vector<std::string> missing = {};  // programs that are not installed: "git", "ssh"
  std::string reason = {}, message = {};  // what the agent says of it when it cannot be asked
};

struct AgentFacts {
  std::string address = {};  // where it should listen
  bool answers = false, ready = false;
  std::string version = {}, missing = {};  // what is missing for ready
  std::string error = {};                  // why nothing of use came from the address
  std::string port_holder = {};            // who else listens there
  int64_t lock_pid = 0;                    // who holds the lock; 0: nobody
  std::string lock_file = {};
  UnitFacts unit;
  std::string last_error = {};  // the unit's last line of trouble
  GitFacts git = {};
};

// How far a connection got. What came before `stage` worked.
struct ReachFacts {
  enum class Stage { kUrl, kDns, kConnect, kProxy, kTls, kHttp, kDone };
  std::string url = {}, host = {};
  int port = 0;
  std::string proxy = {};  // what was used instead of a direct connection, without its password
  Stage stage = Stage::kDone;
  std::string error = {};
  int http_status = 0;
  std::optional<absl::Time> date = {};  // of the answer's Date header
  absl::Time asked_at = {};             // by this host's clock, at the answer
};

struct RegistryFacts {
  std::string name = {};  // "docker.io"
  bool images_present = false;
  ReachFacts reach;
};

struct DiskFacts {
  std::string what = {}, path = {};  // "Docker's data root"
  uint64_t device = 0;               // of the file system
  std::string unreachable = {};
  uint64_t total = 0, free = 0;                // bytes; free for this user
  uint64_t inodes_total = 0, inodes_free = 0;  // total 0: the file system has no limit
  uint64_t wanted = 0;                         // below it: a warning
  uint64_t needed = 0;                         // below it: a failure
};

struct LimitFacts {
  std::string container = {};
  int64_t nano_cpus = 0, memory = 0;  // 0: none
};
struct ResourceFacts {
  int cpus = 0;
  int64_t memory_total = 0, memory_available = 0;
  std::vector<LimitFacts> limits = {};
};

struct ClockFacts {
  enum class Sync { kYes, kNo, kUnknown };
  Sync sync = Sync::kUnknown;
};

enum class Cloud { kNone, kEc2, kGce };

struct CloudInitFacts {
  bool installed = false, finished = false;
  std::vector<std::string> errors = {};
  std::string datasource = {};  // "DataSourceEc2Local"
  bool has_user_data = false;
};

struct MetadataFacts {
  bool asked = false;
  std::string error = {};  // empty: it answered
  bool one_hop = false;
};

struct Facts {
  DocumentFacts document;
  std::vector<FileFacts> files = {};
  std::vector<CommandFacts> commands = {};
  PoolFacts pool;
  DockerFacts docker;
  BootFacts boot;
  DirectoryFacts runner_directory;
  std::vector<PortFacts> ports = {};
  bool ports_known = false;
  std::vector<RivalFacts> rivals = {};
  std::string rivals_unknown = {};  // why they were not looked for
  AgentFacts agent;
  ReachFacts manager;
  std::vector<RegistryFacts> registries = {};
  std::vector<DiskFacts> disks = {};
  ResourceFacts resources;
  ClockFacts clock;
  Cloud cloud = Cloud::kNone;
  CloudInitFacts cloud_init;
  MetadataFacts metadata;
};

}  // namespace spacelet::doctor

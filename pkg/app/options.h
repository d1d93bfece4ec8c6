// What the flags of the commands say.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "pkg/log/log.h"
#include "pkg/secret/secret.h"
#include "pkg/source/git_source.h"

namespace spacelet::app {

// The agent's socket for clients of this machine, beside its lock file.
inline constexpr char kSocketName[] = "spacelet.sock";

// Held by whoever works on the host: the agent, `apply` and `down`.
inline constexpr char kDefaultLockFile[] = "/run/spacelet/spacelet.lock";

// Which daemon, and with which registry credentials.
struct DockerOptions {
  std::string host;    // --docker-host; empty: DOCKER_HOST, else the default socket
  std::string config;  // --docker-config: a config.json with `auths`; empty: none
};

// What becomes of rollout.splay and rollout.windows. A person at a terminal is one host and no fleet.
enum class Turns { kObeyed, kWindowsObeyed, kIgnored };

struct LogOptions {
  log::Format format = log::Format::kLogfmt;
  log::Level level = log::Level::kInfo;
};

// The --git-* flags.
struct GitFlags {
  git::Access access;  // paths as they were given
  absl::Duration interval = source::GitOptions::kInterval;
  absl::Duration timeout = git::kDefaultTimeout;
  int64_t max_bytes = git::kDefaultMaxBytes;
  source::Rewritten rewritten = source::Rewritten::kHold;
  std::string given;  // the first of them that was; empty: none
};

// Who is told of what goes wrong (pkg/notify); at most one of the two.
struct NotifyOptions {
  std::string command;      // --notify-command
  std::string url;          // --notify-url
  std::string header_file;  // --notify-header-file, of the URL
};

// What is said of the host, instead of what it would say of itself.
struct HostOptions {
  std::map<std::string, std::string> facts;  // --host-name ("name") and --host-fact
  bool only_given = false;                   // the document is for another machine than this one
};

struct AgentOptions {
  std::string source;  // --config: a path, or git+…
  GitFlags git;
  std::string policy;  // --policy; empty: none
  std::string state_dir = "/var/lib/spacelet";
  HostOptions host;
  DockerOptions docker;
  std::string listen_address = "127.0.0.1:9746";
  std::set<std::string> allowed_hosts;
  std::string web_config_file;  // empty: plain HTTP for everybody
  absl::Duration resync_interval = absl::Seconds(60);
  absl::Duration poll_interval = absl::Seconds(15);
  absl::Duration prune_delay = absl::Seconds(60);
  std::string lock_file = kDefaultLockFile;
  secret::Permissions secret_permissions = secret::Permissions::kWarn;
  NotifyOptions notify;
  LogOptions log;
};

// Exit codes of the whole command line.
enum ExitCode : int {
  kGood = 0,
  kNotSo = 1,
  kUsage = 2,
  kUnreachable = 69,      // EX_UNAVAILABLE: Docker or the agent
  kLocked = 75,           // EX_TEMPFAIL
  kInvalidDocument = 78,  // EX_CONFIG
};

}  // namespace spacelet::app

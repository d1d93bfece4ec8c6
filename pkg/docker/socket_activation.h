// systemd's docker.socket starts a stopped Docker for whoever connects. An agent that connects at once
// whenever Docker goes away would undo each `systemctl stop docker` of a person who works on it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"

namespace spacelet::docker {

// A ping that may start Docker comes at least this long after the one before was answered, or sent where none
// was: the agent's default resync interval.
inline constexpr absl::Duration kActivationInterval = absl::Minutes(1);
// Such a ping waits this long for the Docker that it starts, and nobody else asks meanwhile: more connections
// would start it again when it is stopped before it took them. Seen: 2 s to start on a VM of a cloud, 40 s on
// an emulated one; moby gives itself 15 s for containerd alone.
inline constexpr absl::Duration kActivationPatience = absl::Minutes(2);

// From the last sign that Docker may be stopping to its end. moby gives each container 10 s to end, if
// nothing else is said; seen: up to 6 s from the end of the last container to its own.
inline constexpr absl::Duration kStoppingTime = absl::Seconds(20);

// Which connections may be made after Docker went away, or while it may be going. Where the daemon listens
// for itself, all of them. Thread-safety: thread-compatible. Pure.
class SocketActivation {
 public:
  static constexpr int kSystemdPid = 1;
  explicit SocketActivation(int activator_pid = kSystemdPid) : activator_pid_(activator_pid) {}

  enum class Ping { kPlain, kStarts };
  // What a ping would be now: kStarts makes systemd start Docker, if nobody else has. OnPingAnswered or
  // OnPingFailed must follow. Errors: Unavailable: it would start Docker again within kActivationInterval of
  // the last such ping, or of its answer, or that one is still waiting.
  absl::StatusOr<Ping> AdmitPing(base::Instant now);
  // Errors: Unavailable: Docker went away and has answered no ping since.
  absl::Status AdmitCall() const;

  // A Docker that is stopped accepts nobody any more, sends a signal to each container that runs, and says on
  // its event stream what becomes of them (seen with 20.10, 26.1 and 28.5). Whoever connects to look at that
  // waits in systemd's socket, which starts it again. Events: a container that ends, or was sent a signal by
  // somebody else than this agent; one that was made or started, which a Docker that is stopping does not.
  void OnSignal(const std::string& container, base::Instant now);
  void OnEnd(const std::string& container, base::Instant now);
  void OnBeginning();
  // For how long no connection should be made at all, if the event stream does not end before: zero, but for
  // kStoppingTime after the last of a signal, the end that it led to, and another end meanwhile; and only
  // within kActivationInterval of a ping that started Docker.
  absl::Duration Doubt(base::Instant now) const;

  // `listener_pid`: as http::Response.
  void OnPingAnswered(int listener_pid, base::Instant now);
  void OnPingFailed(Ping ping);
  // The event stream ended, by itself or because the daemon was given up.
  void OnLost();

 private:
  absl::Duration Hold(base::Instant now) const;

  const int activator_pid_;
  bool by_systemd_ = false;  // as of the last answer
  bool lost_ = false;
  bool waiting_ = false;                 // a ping that starts Docker is under way
  std::optional<base::Instant> ending_;  // the last sign that Docker may be stopping
  std::set<std::string> signalled_;      // by others, and not ended since: a grace period may be minutes
  std::optional<base::Instant> last_;    // ping that may have started Docker, or its answer
};

}  // namespace spacelet::docker

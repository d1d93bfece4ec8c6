// systemd's docker.socket starts a stopped Docker for whoever connects. An agent that connects at once
// whenever Docker goes away would undo each `systemctl stop docker` of a person who works on it.
#pragma once

#include <optional>

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

// Which connections may be made after Docker went away. Where the daemon listens for itself, all of them.
// Thread-safety: thread-compatible. Pure.
class SocketActivation {
 public:
  enum class Ping { kPlain, kStarts };
  // What a ping would be now: kStarts makes systemd start Docker, if nobody else has. OnPingAnswered or
  // OnPingFailed must follow. Errors: Unavailable: it would start Docker again within kActivationInterval of
  // the last such ping, or of its answer, or that one is still waiting.
  absl::StatusOr<Ping> AdmitPing(base::Instant now);
  // Errors: Unavailable: Docker went away and has answered no ping since.
  absl::Status AdmitCall() const;

  // An event tells that a container was sent a signal, and not by this agent. A Docker that is stopped does
  // so first of all, to each that runs; it accepts nobody any more by then, but says on its event stream what
  // becomes of them (seen with 20.10, 26.1 and 28.5). Whoever connects to look at that waits in systemd's
  // socket, which starts it again.
  void OnKill() { killed_ = true; }
  // For how long no connection of any kind should be made: until the event stream ends, which means that
  // Docker was stopped, or kActivationInterval after the last ping that may have started it is over.
  absl::Duration Doubt(base::Instant now) const;

  // `listener_pid`: as http::Response.
  void OnPingAnswered(int listener_pid, base::Instant now);
  void OnPingFailed(Ping ping);
  // The event stream ended, by itself or because the daemon was given up.
  void OnLost();

 private:
  absl::Duration Hold(base::Instant now) const;

  bool by_systemd_ = false;  // as of the last answer
  bool lost_ = false;
  bool killed_ = false;                // since Docker was lost last
  bool waiting_ = false;               // a ping that starts Docker is under way
  std::optional<base::Instant> last_;  // ping that may have started Docker, or its answer
};

}  // namespace spacelet::docker

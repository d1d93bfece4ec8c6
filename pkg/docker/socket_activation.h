// systemd's docker.socket starts a stopped Docker for whoever connects. An agent that connects at once
// whenever Docker goes away would undo each `systemctl stop docker` of a person who works on it.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"

namespace spacelet::docker {

// Pings that may start Docker are at least this far apart: the agent's default resync interval. But for a
// Docker that was taking longer to start than a ping waits: it is asked on, so that its return is noticed,
// and one that is stopped right then is started again at once.
inline constexpr absl::Duration kActivationInterval = absl::Minutes(1);

// Which connections may be made after Docker went away. Where the daemon listens for itself, all of them.
// Thread-safety: thread-compatible. Pure.
class SocketActivation {
 public:
  // Errors: Unavailable: a ping would start Docker again within kActivationInterval of the last such ping.
  absl::Status AdmitPing(base::Instant now);
  // Errors: Unavailable: Docker went away and has answered no ping since.
  absl::Status AdmitCall() const;

  // `listener_pid`: as http::Response.
  void OnPingAnswered(int listener_pid);
  void OnPingFailed(const absl::Status& status);
  // The event stream ended without having been told to.
  void OnLost() { lost_ = true; }

 private:
  bool by_systemd_ = false;  // as of the last answer
  bool lost_ = false;
  bool starting_ = false;  // the last ping was taken and not answered: systemd holds it until Docker is there
  std::optional<base::Instant> last_;  // ping that may have started Docker
};

}  // namespace spacelet::docker

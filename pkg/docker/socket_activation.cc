#include "pkg/docker/socket_activation.h"

#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

constexpr int kSystemdPid = 1;

}  // namespace

absl::StatusOr<SocketActivation::Ping> SocketActivation::AdmitPing(base::Instant now) {
  if (!lost_ || !by_systemd_) return Ping::kPlain;
  if (waiting_) return absl::UnavailableError("systemd was asked to start Docker (docker.socket)");
  const absl::Duration hold = last_ ? *last_ + kActivationInterval - now : absl::ZeroDuration();
  if (hold > absl::ZeroDuration())
    return absl::UnavailableError(
        absl::StrCat("Docker went away again; a connection would make systemd start it (docker.socket), so "
                     "it is asked in ",
                     absl::FormatDuration(absl::Ceil(hold, absl::Seconds(1)))));
  last_ = now;
  waiting_ = true;
  return Ping::kStarts;
}

absl::Status SocketActivation::AdmitCall() const {
  if (!lost_ || !by_systemd_) return absl::OkStatus();
  return absl::UnavailableError("Docker went away and has not answered since");
}

void SocketActivation::OnPingAnswered(int listener_pid, base::Instant now) {
  // systemd had to end what was stopping first, so Docker was started at any time since the ping.
  if (waiting_) last_ = now;
  by_systemd_ = listener_pid == kSystemdPid;
  lost_ = waiting_ = false;
}

void SocketActivation::OnPingFailed(Ping ping) {
  if (ping == Ping::kStarts) waiting_ = false;
}

}  // namespace spacelet::docker

#include "pkg/docker/socket_activation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace spacelet::docker {

// The rest of the time in which Docker is not to be started again.
absl::Duration SocketActivation::Hold(base::Instant now) const {
  return last_ ? std::max(*last_ + kActivationInterval - now, absl::ZeroDuration()) : absl::ZeroDuration();
}

void SocketActivation::OnSignal(const std::string& container, base::Instant now) {
  ending_ = now;
  signalled_.insert(container);
}

void SocketActivation::OnEnd(const std::string& container, base::Instant now) {
  const bool was_signalled = signalled_.erase(container) > 0;
  if (was_signalled || Doubt(now) > absl::ZeroDuration()) ending_ = now;
}

void SocketActivation::OnBeginning() {
  ending_.reset();
  signalled_.clear();
}

absl::Duration SocketActivation::Doubt(base::Instant now) const {
  if (!by_systemd_ || lost_ || !ending_) return absl::ZeroDuration();
  return std::min(Hold(now), std::max(*ending_ + kStoppingTime - now, absl::ZeroDuration()));
}

absl::StatusOr<SocketActivation::Ping> SocketActivation::AdmitPing(base::Instant now) {
  if (!lost_ || !by_systemd_) return Ping::kPlain;
  if (waiting_) return absl::UnavailableError("systemd was asked to start Docker (docker.socket)");
  const absl::Duration hold = Hold(now);
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
  by_systemd_ = listener_pid == activator_pid_;
  lost_ = waiting_ = false;
}

void SocketActivation::OnLost() {
  lost_ = true;
  OnBeginning();
}

void SocketActivation::OnPingFailed(Ping ping) {
  if (ping == Ping::kStarts) waiting_ = false;
}

}  // namespace spacelet::docker

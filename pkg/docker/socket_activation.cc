#include "pkg/docker/socket_activation.h"

#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

constexpr int kSystemdPid = 1;

}  // namespace

absl::Status SocketActivation::AdmitPing(base::Instant now) {
  if (!lost_ || !by_systemd_ || starting_) return absl::OkStatus();
  const absl::Duration hold = last_ ? *last_ + kActivationInterval - now : absl::ZeroDuration();
  if (hold > absl::ZeroDuration())
    return absl::UnavailableError(
        absl::StrCat("Docker went away again; a connection would make systemd start it (docker.socket), so "
                     "it is asked in ",
                     absl::FormatDuration(absl::Ceil(hold, absl::Seconds(1)))));
  last_ = now;
  return absl::OkStatus();
}

absl::Status SocketActivation::AdmitCall() const {
  if (!lost_ || !by_systemd_) return absl::OkStatus();
  return absl::UnavailableError("Docker went away and has not answered since");
}

void SocketActivation::OnPingAnswered(int listener_pid) {
  by_systemd_ = listener_pid == kSystemdPid;
  lost_ = starting_ = false;
}

void SocketActivation::OnPingFailed(const absl::Status& status) {
  starting_ = absl::IsDeadlineExceeded(status);
}

}  // namespace spacelet::docker

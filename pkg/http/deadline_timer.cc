#include "pkg/http/deadline_timer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "pkg/base/status_macros.h"
#include "pkg/base/thread.h"

namespace spacelet::http {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr auto kCutAgain = std::chrono::milliseconds(10);

// Far enough to be never, near enough that adding it to now does not overflow.
constexpr absl::Duration kNever = absl::Hours(24 * 365);

nanoseconds ToNanoseconds(absl::Duration d) {
  return absl::ToChronoNanoseconds(std::clamp(d, absl::ZeroDuration(), kNever));
}

}  // namespace

CallGuard::CallGuard(absl::Duration deadline, absl::Duration inactivity, absl::Duration opening)
    : deadline_(steady_clock::now() + ToNanoseconds(deadline)),
      inactivity_(ToNanoseconds(inactivity)),
      last_activity_(steady_clock::now()),
      open_by_(steady_clock::now() + ToNanoseconds(opening)) {}

CallGuard::~CallGuard() {
  if (socket_ >= 0) close(socket_);
}

void CallGuard::Adopt(int socket) {
  base::MutexLock lock(mu_);
  // A host with several addresses is tried one socket after the other.
  if (socket_ >= 0) close(socket_);
  socket_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

int CallGuard::PeerPid() const {
  base::MutexLock lock(mu_);
  ucred peer = {};
  socklen_t size = sizeof peer;
  return getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

void CallGuard::Touch() {
  base::MutexLock lock(mu_);
  last_activity_ = steady_clock::now();
}

void CallGuard::Opened() {
  base::MutexLock lock(mu_);
  open_by_ = SteadyTime::max();
}

void CallGuard::Cut(Cause cause) {
  base::MutexLock lock(mu_);
  CutLocked(cause);
}

void CallGuard::CutLocked(Cause cause) {
  if (cause_ == Cause::kNone) cause_ = cause;
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

CallGuard::Cause CallGuard::cause() const {
  base::MutexLock lock(mu_);
  return cause_;
}

SteadyTime CallGuard::Due() const {
  base::MutexLock lock(mu_);
  if (cause_ != Cause::kNone) return steady_clock::now() + kCutAgain;
  return std::min({deadline_, last_activity_ + inactivity_, open_by_});
}

void CallGuard::Expire(SteadyTime now) {
  base::MutexLock lock(mu_);
  if (cause_ != Cause::kNone || now >= deadline_) {
    CutLocked(Cause::kDeadline);
  } else if (now >= last_activity_ + inactivity_) {
    CutLocked(Cause::kInactivity);
  } else if (now >= open_by_) {
    CutLocked(Cause::kOpening);
  }
}

DeadlineTimer::~DeadlineTimer() {
  std::jthread thread;
  {
    base::MutexLock lock(mu_);
    quit_ = true;
    thread = std::move(thread_);
    changed_.NotifyAll();
  }
  if (thread.joinable()) thread.join();
}

absl::Status DeadlineTimer::Add(CallGuard& call) {
  base::MutexLock lock(mu_);
  if (!thread_.joinable()) {
    ASSIGN_OR_RETURN(thread_, base::StartThread([this] { Run(); }));
  }
  Insert(call);
  return absl::OkStatus();
}

void DeadlineTimer::Refresh(CallGuard& call) {
  base::MutexLock lock(mu_);
  Erase(call);
  Insert(call);
}

void DeadlineTimer::Remove(CallGuard& call) {
  base::MutexLock lock(mu_);
  Erase(call);
}

void DeadlineTimer::Insert(CallGuard& call) {
  const SteadyTime due = call.Due();
  queue_.emplace(due, &call);
  if (due < sleeps_until_) changed_.NotifyAll();
}

void DeadlineTimer::Erase(CallGuard& call) {
  std::erase_if(queue_, [&](const auto& entry) { return entry.second == &call; });
}

void DeadlineTimer::Run() {
  base::MutexLock lock(mu_);
  while (!quit_) {
    const SteadyTime now = steady_clock::now();
    const SteadyTime nearest = queue_.empty() ? now + ToNanoseconds(kNever) : queue_.begin()->first;
    if (nearest > now) {
      sleeps_until_ = nearest;
      changed_.WaitUntil(mu_, nearest);
      sleeps_until_ = SteadyTime::min();
      continue;
    }
    CallGuard* call = queue_.begin()->second;
    queue_.erase(queue_.begin());
    call->Expire(now);
    Insert(*call);
  }
}

}  // namespace spacelet::http

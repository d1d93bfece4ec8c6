// Internal to client.cc: ends a call whose time is over by cutting its socket, from one thread for all calls.
#pragma once

#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/mutex.h"

namespace spacelet::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// One call under way: its socket, cut by another thread when it must end, and why it was cut.
// Thread-safety: thread-safe.
class CallGuard {
 public:
  enum class Cause { kNone, kDeadline, kInactivity, kOpening, kStopped };

  CallGuard(absl::Duration deadline, absl::Duration inactivity, absl::Duration opening);
  ~CallGuard();
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

  // Takes a duplicate of the socket, so that a cut never meets a number that was closed and given out again.
  void Adopt(int socket) ABSL_LOCKS_EXCLUDED(mu_);
  // The process at the other end of a unix socket; 0: not known.
  int PeerPid() const ABSL_LOCKS_EXCLUDED(mu_);
  // A byte came or went.
  void Touch() ABSL_LOCKS_EXCLUDED(mu_);
  // The header is there.
  void Opened() ABSL_LOCKS_EXCLUDED(mu_);
  // Ends the call; the first cause stays.
  void Cut(Cause cause) ABSL_LOCKS_EXCLUDED(mu_);
  Cause cause() const ABSL_LOCKS_EXCLUDED(mu_);

  // When to look again: the nearest of the deadlines, or, once cut, a moment later, because a shutdown
  // between socket() and connect() is lost on TCP.
  SteadyTime Due() const ABSL_LOCKS_EXCLUDED(mu_);
  // Cuts the call when it is due.
  void Expire(SteadyTime now) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void CutLocked(Cause cause) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const SteadyTime deadline_;
  const std::chrono::nanoseconds inactivity_;
  mutable base::Mutex mu_;
  int socket_ ABSL_GUARDED_BY(mu_) = -1;
  SteadyTime last_activity_ ABSL_GUARDED_BY(mu_);
  SteadyTime open_by_ ABSL_GUARDED_BY(mu_);
  Cause cause_ ABSL_GUARDED_BY(mu_) = Cause::kNone;
};

// Nearly every call is over long before its deadline, so none costs the thread a wake-up: it sleeps until the
// nearest deadline it knew when it lay down, and is woken only for one that is nearer.
// Thread-safety: thread-safe. The thread starts with the first call.
class DeadlineTimer {
 public:
  DeadlineTimer() = default;
  ~DeadlineTimer() ABSL_LOCKS_EXCLUDED(mu_);
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // Watches `call`, which must be removed before it dies. Errors: ResourceExhausted: no thread to be had.
  absl::Status Add(CallGuard& call) ABSL_LOCKS_EXCLUDED(mu_);
  // Looks at `call` again: it was cut.
  void Refresh(CallGuard& call) ABSL_LOCKS_EXCLUDED(mu_);
  void Remove(CallGuard& call) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void Insert(CallGuard& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Erase(CallGuard& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  base::Mutex mu_;
  base::CondVar changed_;
  std::set<std::pair<SteadyTime, CallGuard*>> queue_ ABSL_GUARDED_BY(mu_);  // nearest first
  // Until when the thread sleeps; min: it is awake and looks at the queue itself.
  SteadyTime sleeps_until_ ABSL_GUARDED_BY(mu_) = SteadyTime::min();
  bool quit_ ABSL_GUARDED_BY(mu_) = false;
  std::jthread thread_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::http

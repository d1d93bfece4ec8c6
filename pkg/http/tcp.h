// TCP to a peer that nobody trusts: every wait ends at one deadline, or at stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::http {

// How long something may take in all. Thread-safety: for one thread.
class Patience {
 public:
  Patience(absl::Duration time, const std::stop_token& stop);
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  // Blocks until poll() reports one of `events` on `fd`. Errors: DeadlineExceeded; Cancelled;
  // ResourceExhausted no descriptor to be had.
  absl::Status Await(int fd, int16_t events);

 private:
  const std::chrono::steady_clock::time_point deadline_;
  const base::UniqueFd stopped_;  // readable at stop
  const std::stop_callback<std::function<void()>> wake_;
};

// A connected, non-blocking socket. `ip` is a literal. Errors: those of Await; Unavailable refused or
// unreachable; InvalidArgument no address. Messages begin with "connect :PORT".
absl::StatusOr<base::UniqueFd> ConnectTcp(const std::string& ip, uint16_t port, Patience& patience);

// Errors: those of Await; Unavailable the peer is gone.
absl::Status SendAll(int fd, absl::string_view bytes, Patience& patience);
// At most `size` bytes; 0: the peer has closed. Errors: as SendAll.
absl::StatusOr<size_t> Receive(int fd, char* buffer, size_t size, Patience& patience);

}  // namespace spacelet::http

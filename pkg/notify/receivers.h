// Who is told: a program, or an HTTP endpoint.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::notify {

// For one attempt, whatever the receiver does. Below the time that the agent has to stop.
inline constexpr absl::Duration kAttempt = absl::Seconds(10);

// Thread-safety: from one thread.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // One attempt. Errors: Cancelled by `stop`; FailedPrecondition it was refused and another attempt would be;
  // any other: may pass. Messages hold no secret: neither a header, nor a URL's path, nor what a program
  // printed.
  virtual absl::Status Deliver(const std::string& json, const std::stop_token& stop) = 0;
};

// Runs `program` (looked up in PATH) with the JSON on its standard input, no arguments, no shell, and the
// agent's environment. Exit code 0 is delivered; at most kAttempt and 64 KiB of output, which is thrown away.
std::unique_ptr<Receiver> MakeCommand(std::string program);

// POSTs the JSON; 2xx is delivered, redirects are not followed, TLS certificates are verified by the system's
// CAs. A status of 4xx but 408, 425 and 429 is a refusal. `header_file` (empty: none) is read at each
// attempt: lines of "Name: value", for what must not be on a command line. Errors: InvalidArgument `url` is
// not http://… or https://…, or holds credentials.
absl::StatusOr<std::unique_ptr<Receiver>> MakeWebhook(absl::string_view url, std::string header_file);

}  // namespace spacelet::notify

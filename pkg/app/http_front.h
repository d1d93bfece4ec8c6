// The agent's HTTP port. A taken port is tried again for a while, since the agent of a moment ago may still
// be leaving, and the containers do not wait for it.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/app/core.h"
#include "pkg/app/web_access.h"
#include "pkg/http/server.h"

namespace spacelet::app {

inline constexpr absl::Duration kBindPatience = absl::Seconds(10);

// Thread-safety: Run once; bound() from any thread.
class HttpFront {
 public:
  // All must outlive it. `web` null: plain HTTP for everybody.
  HttpFront(http::ServerOptions options, Core& core, WebAccess* web);

  // Binds and serves until `stop`. Errors: AlreadyExists the port stayed taken; InvalidArgument the address.
  absl::Status Run(const std::stop_token& stop);
  bool bound() const { return bound_; }

 private:
  http::Handler Pages() const;

  http::ServerOptions options_;
  Core& core_;
  WebAccess* const web_;
  std::atomic<bool> bound_{false};
};

}  // namespace spacelet::app

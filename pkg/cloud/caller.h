// HTTP calls that share one bound in time: a call that fails in passing is repeated while there is time left.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/http/client.h"

namespace spacelet::cloud {

struct Patience {
  absl::Duration total = absl::Milliseconds(8500);  // a secret's command has 10 s (SPEC 1)
  absl::Duration call = absl::Seconds(3);           // for one attempt
  absl::Duration pause = absl::Milliseconds(200);   // before the second attempt; then twice as long each time
};

// Thread-safety: thread-compatible.
class Caller {
 public:
  explicit Caller(Patience patience);

  // Any HTTP status is OK here; 429 and 5xx are repeated, and so is what http::Client calls Unavailable or
  // DeadlineExceeded. Errors: those of http::Client, of the last attempt; InvalidArgument `url` is no
  // endpoint.
  absl::StatusOr<http::Response> Call(const std::string& url, const http::Request& request);

 private:
  absl::Duration Left() const;
  bool Pause(absl::Duration pause) const;

  const Patience patience_;
  const base::Instant end_;
};

}  // namespace spacelet::cloud

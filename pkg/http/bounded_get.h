// A GET to a peer that nobody trusts, a container that is probed: whatever it sends and however slowly,
// memory and time are bounded. (cpp-httplib 0.11.4 reads header lines of any length and number.)
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/http/client.h"
#include "pkg/http/response_reader.h"

namespace spacelet::http {

struct BoundedRequest {
  std::string ip;  // a literal
  uint16_t port = 0;
  std::string target = "/";                    // path and query; control characters and blanks are refused
  absl::Duration deadline = absl::Seconds(1);  // for all of it
  ResponseLimits limits;
};

// Any HTTP status is OK here; redirects are not followed. Errors: those of ConnectTcp and ResponseReader.
// Messages begin with "GET :PORT/target".
absl::StatusOr<Response> BoundedGet(const BoundedRequest& request, const std::stop_token& stop);

}  // namespace spacelet::http

// Names → addresses, within a time: the C library's resolver has none.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spacelet::http {

// IP literals, IPv4 first. The look-up runs in a thread of its own, which is left behind when the time is
// over. Errors: NotFound with the resolver's words; DeadlineExceeded; ResourceExhausted no thread to be had.
absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host, absl::Duration within);

}  // namespace spacelet::http

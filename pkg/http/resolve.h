// Names → addresses, within a time: the C library's resolver has none.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spacelet::http {

// IP literals, IPv4 first; of a literal, that. A look-up runs in a thread of its own, which is left behind
// when the time is over. Errors: NotFound with the resolver's words; DeadlineExceeded; Cancelled by `stop`;
// ResourceExhausted no thread to be had.
absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host, absl::Duration within,
                                                 const std::stop_token& stop = {});

}  // namespace spacelet::http

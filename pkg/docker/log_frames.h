// The body of GET /containers/{id}/logs → lines. Without a terminal each piece has a header of 8 bytes:
// stream (0 to 2), three zeros, length (big-endian); with a terminal there is none. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::docker {

// The last `lines` lines of both streams, in the order they were completed; a body cut anywhere is fine. Each
// line is made safe to print (base::OneLine).
std::vector<std::string> TailOfLogs(absl::string_view body, int lines);

}  // namespace spacelet::docker

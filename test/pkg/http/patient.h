// Limits of a server whose large answers may take as long as a machine needs that has other things to do.
#pragma once

#include "absl/time/time.h"
#include "pkg/http/server.h"

namespace spacelet::http {

inline ServerLimits Patient() {
  ServerLimits limits;
  limits.write_deadline = absl::Seconds(60);
  return limits;
}

}  // namespace spacelet::http

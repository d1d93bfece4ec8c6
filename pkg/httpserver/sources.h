// What the routes ask.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/report/events.h"
#include "pkg/report/status.h"

namespace spacelet::httpserver {

// Each must be callable from the server's thread and must not block. The pointers outlive the handler.
struct Sources {
  std::function<std::string()> metrics;                  // text exposition 0.0.4
  std::function<std::vector<std::string>()> late_loops;  // empty: alive
  std::function<report::Status()> status;
  std::function<uint64_t()> status_version;  // another number when the status is another
  const report::EventLog* events = nullptr;
  const base::Clock* clock = nullptr;
};

}  // namespace spacelet::httpserver

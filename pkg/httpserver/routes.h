// What the agent answers over HTTP: metrics for Prometheus, probes for systemd and load balancers, status and
// events for programs and for `spacelet status` and `spacelet events`. Read-only, nothing secret.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pkg/http/server.h"
#include "pkg/report/events.h"
#include "pkg/report/status.h"

namespace spacelet::httpserver {

// What the routes ask. Each must be callable from the server's thread and must not block.
struct Sources {
  std::function<std::string()> metrics;                  // text exposition 0.0.4
  std::function<std::vector<std::string>()> late_loops;  // empty: alive
  std::function<report::Status()> status;
  const report::EventLog* events = nullptr;  // outlives the handler
};

// GET /                the endpoints, one a line
//     /metrics         Prometheus text
//     /livez, /healthz 200 while the loops tick; 503 naming the late ones. True while Docker is down
//     /readyz          200 when nothing is missing; else 503, one sentence a line
//     /api/v1/status   JSON
//     /api/v1/events   JSON, one event a line, oldest first; ?since=RFC3339 only those after; ?follow=true
//     goes on
http::Handler MakeHandler(Sources sources);

}  // namespace spacelet::httpserver

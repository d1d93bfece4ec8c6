// What the agent answers over HTTP: metrics for Prometheus, probes for systemd and load balancers, status and
// events for programs and for `spacelet status` and `spacelet events`, a page for people. Read-only, nothing
// secret.
#pragma once

#include "pkg/http/server.h"
#include "pkg/httpserver/sources.h"

namespace spacelet::httpserver {

// GET /                the status page to who accepts text/html; else the status as text and the endpoints
//     /page            the page's content as JSON, for its own script; ?follow=true: as server-sent events
//     /metrics         Prometheus text
//     /livez, /healthz 200 while the loops tick; 503 naming the late ones. True while Docker is down
//     /readyz          200 when nothing is missing; else 503, one sentence a line
//     /api/v1/status   JSON
//     /api/v1/events   JSON, one event a line, oldest first; ?since=RFC3339 only those after; ?follow=true
//     goes on
http::Handler MakeHandler(Sources sources);

}  // namespace spacelet::httpserver

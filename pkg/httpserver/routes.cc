#include "pkg/httpserver/routes.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pkg/httpserver/page.h"
#include "pkg/httpserver/page_stream.h"
#include "pkg/report/readiness.h"
#include "pkg/report/status_json.h"
#include "pkg/report/status_text.h"

namespace spacelet::httpserver {
namespace {

using http::ServerRequest;
using http::ServerResponse;

constexpr char kIndex[] =
    "\n"
    "/                this; to a browser the status as a page that stays up to date\n"
    "/livez           is the agent alive\n"
    "/readyz          is the host as the document says, and if not, what is missing\n"
    "/metrics         for Prometheus\n"
    "/api/v1/status   everything the agent knows, as JSON (people: spacelet status)\n"
    "/api/v1/events   what happened and why, JSON lines; ?since=RFC3339 &follow=true (people: spacelet "
    "events)\n";

ServerResponse Text(int status, std::string body) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

ServerResponse Typed(std::string content_type, std::string body) {
  ServerResponse response = Text(200, std::move(body));
  response.content_type = std::move(content_type);
  return response;
}

ServerResponse OkUnless(const std::vector<std::string>& troubles) {
  if (troubles.empty()) return Text(200, "ok\n");
  return Text(503, absl::StrJoin(troubles, "\n") + "\n");
}

ServerResponse Ready(const report::Status& status) {
  const std::vector<std::string> missing = report::Missing(status);
  if (!missing.empty()) return OkUnless(missing);
  std::vector<std::string> lines = report::Remarks(status);
  lines.insert(lines.begin(), "ok");
  return Text(200, absl::StrJoin(lines, "\n") + "\n");
}

ServerResponse Alive(const Sources& sources) {
  std::vector<std::string> troubles;
  for (const std::string& loop : sources.late_loops())
    troubles.push_back(absl::StrCat(loop, ": no sign of life"));
  return OkUnless(troubles);
}

// Lines of the events after `sequence` that are newer than `since`; moves `sequence` on.
std::string NewLines(const report::EventLog& events, absl::Time since, uint64_t& sequence) {
  std::string lines;
  for (const report::Event& event : events.Since(sequence)) {
    sequence = event.sequence;
    if (event.time > since) absl::StrAppend(&lines, report::ToJson(event), "\n");
  }
  return lines;
}

std::optional<absl::Time> SinceOf(const ServerRequest& request) {
  const auto parameter = request.query.find("since");
  if (parameter == request.query.end()) return absl::InfinitePast();
  absl::Time since;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, parameter->second, &since, &error)) return std::nullopt;
  return since;
}

bool Follows(const ServerRequest& request) {
  const auto follow = request.query.find("follow");
  return follow != request.query.end() && follow->second == "true";
}

ServerResponse Events(const Sources& sources, const ServerRequest& request) {
  const std::optional<absl::Time> since = SinceOf(request);
  if (!since.has_value()) return Text(400, "since: expected a time like 2026-01-31T12:00:00Z\n");
  uint64_t sequence = 0;
  ServerResponse response = Typed("application/x-ndjson", NewLines(*sources.events, *since, sequence));
  if (Follows(request))
    response.more = [events = sources.events, sequence]() mutable -> std::optional<std::string> {
      return NewLines(*events, absl::InfinitePast(), sequence);
    };
  return response;
}

ServerResponse Index(const Sources& sources, const ServerRequest& request) {
  const report::Status status = sources.status();
  const absl::Time now = sources.clock->Now();
  const auto accept = request.headers.find("accept");
  ServerResponse response;
  if (accept != request.headers.end() && absl::StrContains(accept->second, "text/html"))
    response = PageAnswer({status, sources.events->Since(0), now});
  else
    response = Text(200, report::ToText(status, now) + kIndex);
  response.headers["Vary"] = "Accept";
  return response;
}

ServerResponse Page(const Sources& sources, PageStreams& streams, const ServerRequest& request) {
  if (Follows(request)) return streams.Open();
  SentNodes none;
  return Typed("application/json",
               PageUpdate({sources.status(), sources.events->Since(0), sources.clock->Now()}, none) + "\n");
}

}  // namespace

http::Handler MakeHandler(Sources sources) {
  using Route = std::function<ServerResponse(const Sources&, const ServerRequest&)>;
  const Route alive = [](const Sources& s, const ServerRequest&) { return Alive(s); };
  const std::map<std::string, Route> routes = {
      {"/", Index},
      {"/page", [streams = std::make_shared<PageStreams>(sources)](
                    const Sources& s, const ServerRequest& request) { return Page(s, *streams, request); }},
      {"/livez", alive},
      {"/healthz", alive},
      {"/readyz", [](const Sources& s, const ServerRequest&) { return Ready(s.status()); }},
      {"/metrics",
       [](const Sources& s, const ServerRequest&) {
         return Typed("text/plain; version=0.0.4; charset=utf-8", s.metrics());
       }},
      {"/api/v1/status",
       [](const Sources& s, const ServerRequest&) {
         return Typed("application/json", report::ToJson(s.status()) + "\n");
       }},
      {"/api/v1/events", Events},
  };
  return [routes, sources = std::move(sources)](const ServerRequest& request) {
    const auto route = routes.find(request.path);
    if (route == routes.end()) return Text(404, "no such page; / names those that are there\n");
    return route->second(sources, request);
  };
}

}  // namespace spacelet::httpserver

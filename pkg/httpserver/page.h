// The status page: what `/` shows to people. One description of it, here: the server writes it as HTML for
// the first answer, so that the page is whole without JavaScript, and as JSON for every later one, from which
// page/page.js renews the DOM (docs/adr/0011-status-page.md says why).
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/http/server.h"
#include "pkg/httpserver/node.h"
#include "pkg/report/events.h"
#include "pkg/report/status.h"

namespace spacelet::httpserver {

// What the page shows, at one moment.
struct Scene {
  const report::Status& status;
  const std::vector<report::Event>& events;  // oldest first; the newest kEventsShown are shown
  absl::Time now;
};

inline constexpr size_t kEventsShown = 30;

// "Not ready: gitspaces-us-west1".
std::string PageTitle(const report::Status& status);
// The content of <main>.
std::vector<Node> PageContent(const Scene& scene);

// The whole page, with headers that let the browser load and run nothing but what is in it.
http::ServerResponse PageAnswer(const Scene& scene);

// One line of JSON: {"now","level","title","content"}, the content as SentNodes writes it.
std::string PageUpdate(const Scene& scene, SentNodes& sent);

}  // namespace spacelet::httpserver

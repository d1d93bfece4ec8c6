#include "pkg/httpserver/page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/api/reasons.h"
#include "pkg/base/digest.h"
#include "pkg/httpserver/object_section.h"
#include "pkg/httpserver/page_file.h"
#include "pkg/httpserver/verdict.h"

namespace spacelet::httpserver {
namespace {

using report::ConfigStatus;
using report::DockerStatus;
using report::Event;
using report::Status;

constexpr size_t kShortDigest = 19;  // "sha256:" and the twelve digits that people compare

Node Code(absl::string_view text) { return Element("code", {Text(text)}); }

Node Row(absl::string_view name, std::vector<Node> value) {
  return Element("div", {Element("dt", {Text(name)}), Element("dd", std::move(value))});
}

Node Section(const std::string& id, const char* title, std::vector<Node> content) {
  const std::string title_id = id + "-title";
  Node section = Element("section", {{"id", id}, {"aria-labelledby", title_id}},
                         {Element("h2", {{"id", title_id}}, {Text(title)})});
  for (Node& node : content) section.children.push_back(std::move(node));
  return section;
}

Node Objects(const Status& status) {
  std::vector<Node> objects;
  for (const report::ObjectStatus& object : status.objects) objects.push_back(ObjectSection(object));
  if (objects.empty()) objects.push_back(Element("p", {Text("None: no document is in force yet.")}));
  return Section("objects", "Objects", std::move(objects));
}

Node EventItem(const Event& e) {
  const auto span = [](const char* css_class, absl::string_view text) {
    return Element("span", {{"class", css_class}}, {Text(text)});
  };
  const bool warning = e.type == Event::Type::kWarning;
  Node item = Element(
      "li", {{"id", absl::StrCat("event/", e.sequence)}, {"class", warning ? "bad" : ""}},
      {Since(e.time), Text(" "), span("what", e.object.substr(e.object.find('/') + 1)),
       span("sr", warning ? " Warning: " : " "), Element("code", {{"class", "reason"}}, {Text(e.reason)})});
  const std::string times = e.count > 1 ? absl::StrCat(" (", e.count, " times)") : "";
  if (!e.message.empty() || !times.empty())
    item.children.push_back(span("message", absl::StrCat(" ", e.message, times)));
  return item;
}

Node Events(const std::vector<Event>& events) {
  std::vector<Node> content;
  Node list = Element("ol", {{"class", "events"}});
  const size_t shown = std::min(events.size(), kEventsShown);
  for (size_t i = 0; i < shown; ++i) list.children.push_back(EventItem(events[events.size() - 1 - i]));
  content.push_back(shown == 0 ? Element("p", {Text("None since the agent was started.")}) : std::move(list));
  if (shown < events.size())
    content.push_back(Element("p", {Element("a", {{"href", "api/v1/events"}},
                                            {Text(absl::StrCat("All ", events.size(), " events"))})}));
  return Section("events", "Events", std::move(content));
}

Node Revision(const std::string& revision) {
  return Element("code", {{"title", revision}}, {Text(revision.substr(0, kShortDigest))});
}

std::vector<Node> Ago(absl::Time time) { return {Since(time), Text(" ago")}; }

void AppendConfig(const ConfigStatus& c, Node& list) {
  list.children.push_back(Row("Source", {Code(c.source)}));
  if (!c.revision.empty()) list.children.push_back(Row("Revision", {Revision(c.revision)}));
  if (!c.commit.empty()) list.children.push_back(Row("Commit", {Code(c.commit)}));
  const std::string observed =
      c.observed_generation == c.generation ? "" : absl::StrCat(", observed ", c.observed_generation);
  list.children.push_back(Row("Generation", {Text(absl::StrCat(c.generation, observed))}));
  if (c.accepted_at != absl::InfinitePast()) list.children.push_back(Row("Accepted", Ago(c.accepted_at)));
}

std::string DockerText(const DockerStatus& d) {
  if (!d.available) return absl::StrCat("cannot be reached at ", d.host);
  return absl::StrCat(d.engine_version, " (API ", d.api_version, ") at ", d.host);
}

Node Document(const Status& status) {
  Node list = Element("dl");
  AppendConfig(status.config, list);
  list.children.push_back(Row("Docker", {Text(DockerText(status.docker))}));
  std::vector<Node> agent = {Text(absl::StrCat("spacelet ", status.agent.version))};
  if (status.agent.started_at != absl::InfinitePast()) {
    agent.push_back(Text(" for "));
    agent.push_back(Since(status.agent.started_at));
  }
  list.children.push_back(Row("Agent", std::move(agent)));
  Node conditions = Element("ul", {{"class", "conditions"}});
  for (const report::Condition& c : status.conditions)
    if (c.type != api::kReady && (c.type != api::kSuspended || c.status == report::Truth::kTrue))
      conditions.children.push_back(ConditionItem(c));
  Node warnings = Element("ul", {{"class", "warnings"}});
  for (const std::string& warning : status.config.warnings)
    warnings.children.push_back(Element("li", {Text(warning)}));
  std::vector<Node> content;
  if (!conditions.children.empty()) content.push_back(std::move(conditions));
  content.push_back(std::move(list));
  if (!warnings.children.empty()) {
    content.push_back(Element("h3", {Text("Warnings")}));
    content.push_back(std::move(warnings));
  }
  return Section("document", "Document, Docker and agent", std::move(content));
}

std::string Base64OfSha256(absl::string_view bytes) { return absl::Base64Escape(base::Sha256(bytes)); }

// What stands between the first `<tag>` and `</tag>` of the page's file.
absl::string_view Between(absl::string_view file, const std::string& tag) {
  const std::string open = absl::StrCat("<", tag, ">"), close = absl::StrCat("</", tag, ">");
  const size_t begin = file.find(open) + open.size();
  return file.substr(begin, file.find(close, begin) - begin);
}

// The page's own style and script run, by their digests, and nothing else: not even if text got past the
// escaping.
const std::string& Policy() {
  static const auto* const kPolicy = new std::string(absl::StrCat(
      "default-src 'none'; connect-src 'self'; img-src data:; style-src 'sha256-",
      Base64OfSha256(Between(kPageFile, "style")), "'; script-src 'sha256-",
      Base64OfSha256(Between(kPageFile, "script")),
      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
      "trusted-types 'none'"));
  return *kPolicy;
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace

std::string PageTitle(const Status& status) {
  return absl::StrCat(VerdictOn(status).headline, ": ", status.name.empty() ? "spacelet" : status.name);
}

std::vector<Node> PageContent(const Scene& scene) {
  return {VerdictSection(scene.status), Objects(scene.status), Document(scene.status), Events(scene.events)};
}

http::ServerResponse PageAnswer(const Scene& scene) {
  const std::string title = ToHtml({Text(PageTitle(scene.status))}, scene.now);
  http::ServerResponse answer;
  answer.content_type = "text/html; charset=utf-8";
  // One pass: what is put in is not searched again.
  answer.body = absl::StrReplaceAll(kPageFile, {{"{{title}}", title},
                                                {"{{level}}", ClassOf(VerdictOn(scene.status).level)},
                                                {"{{now}}", Rfc3339(scene.now)},
                                                {"{{content}}", ToHtml(PageContent(scene), scene.now)}});
  answer.headers = {{"Content-Security-Policy", Policy()},
                    {"Cross-Origin-Opener-Policy", "same-origin"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Referrer-Policy", "no-referrer"},
                    {"X-Frame-Options", "DENY"}};
  return answer;
}

std::string PageUpdate(const Scene& scene, SentNodes& sent) {
  const nlohmann::ordered_json head = {{"now", Rfc3339(scene.now)},
                                       {"level", ClassOf(VerdictOn(scene.status).level)},
                                       {"title", PageTitle(scene.status)}};
  std::string line = head.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  line.pop_back();
  return absl::StrCat(line, ",\"content\":", sent.ToJson(PageContent(scene)), "}");
}

}  // namespace spacelet::httpserver

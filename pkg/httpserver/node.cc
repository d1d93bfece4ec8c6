#include "pkg/httpserver/node.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/base/digest.h"
#include "pkg/report/status_text.h"

namespace spacelet::httpserver {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kTime[] = "time", kDatetime[] = "datetime", kId[] = "id";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string Attribute(const Node& node, absl::string_view name) {
  for (const auto& [key, value] : node.attributes)
    if (key == name) return value;
  return "";
}

std::string AgeOf(const Node& node, absl::Time now) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, Attribute(node, kDatetime), &time, &error)
             ? report::Age(time, now)
             : "-";
}

void AppendHtml(const Node& node, absl::Time now, std::string& html) {
  if (node.tag.empty()) return html.append(Escape(node.text)), void();
  absl::StrAppend(&html, "<", node.tag);
  for (const auto& [name, value] : node.attributes)
    absl::StrAppend(&html, " ", name, "=\"", Escape(value), "\"");
  html += '>';
  if (node.tag == kTime) html += AgeOf(node, now);
  for (const Node& child : node.children) AppendHtml(child, now, html);
  absl::StrAppend(&html, "</", node.tag, ">");
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

using Digests = std::map<std::string, std::string>;

// The JSON of an element without abbreviations; notes the digests of all that have an id.
Json WholeJson(const Node& node, Digests& digests) {
  if (node.tag.empty()) return node.text;
  Json attributes = Json::object();
  for (const auto& [name, value] : node.attributes) attributes[name] = value;
  Json json = Json::array({node.tag, std::move(attributes)});
  for (const Node& child : node.children) json.push_back(WholeJson(child, digests));
  if (const std::string id = Attribute(node, kId); !id.empty()) digests[id] = base::Sha256Hex(Dump(json));
  return json;
}

// Puts {"same": id} for elements that `before` and `now` agree on.
Json Abbreviated(Json json, const Digests& before, const Digests& now) {
  if (!json.is_array()) return json;
  if (const auto id = json[1].find(kId); id != json[1].end()) {
    const auto known = before.find(id->get<std::string>());
    if (known != before.end() && known->second == now.at(known->first)) return {{"same", *id}};
  }
  for (size_t i = 2; i < json.size(); ++i) json[i] = Abbreviated(std::move(json[i]), before, now);
  return json;
}

}  // namespace

Node Text(absl::string_view text) {
  Node node;
  node.text = std::string(text);
  return node;
}

Node Element(std::string tag, Attributes attributes, std::vector<Node> children) {
  Node node;
  node.tag = std::move(tag);
  node.attributes = std::move(attributes);
  node.children = std::move(children);
  return node;
}

Node Element(std::string tag, std::vector<Node> children) {
  return Element(std::move(tag), Attributes{}, std::move(children));
}

Node Since(absl::Time time) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  return Element(kTime, {{kDatetime, absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, utc)},
                         {"title", absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, utc)}});
}

std::string ToHtml(const std::vector<Node>& nodes, absl::Time now) {
  std::string html;
  for (const Node& node : nodes) AppendHtml(node, now, html);
  return html;
}

std::string SentNodes::ToJson(const std::vector<Node>& nodes) {
  Digests now;
  Json all = Json::array();
  for (const Node& node : nodes) all.push_back(WholeJson(node, now));
  for (Json& json : all) json = Abbreviated(std::move(json), digests_, now);
  digests_ = std::move(now);
  return Dump(all);
}

}  // namespace spacelet::httpserver

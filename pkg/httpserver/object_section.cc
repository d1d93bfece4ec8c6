#include "pkg/httpserver/object_section.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/httpserver/verdict.h"

namespace spacelet::httpserver {
namespace {

using report::Condition;
using report::LastRollout;
using report::ObjectStatus;
using report::PlanSummary;
using report::Truth;
namespace reason = api::reason;

Node Code(absl::string_view text) { return Element("code", {Text(text)}); }
Node Span(const char* css_class, absl::string_view text) {
  return Element("span", {{"class", css_class}}, {Text(text)});
}
Node Row(absl::string_view name, std::vector<Node> value) {
  return Element("div", {Element("dt", {Text(name)}), Element("dd", std::move(value))});
}
std::string Plural(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

bool IsNetwork(const ObjectStatus& o) { return o.component == "network"; }

// --- what is declared and what is there

Node Declared(const ObjectStatus& o) {
  return Row("Declared", {o.desired ? Code(o.desired->image) : Span("bad", "no longer")});
}

Node Network(const ObjectStatus& o) {
  const char* css_class = o.state == "present" ? "ok" : o.state == "unknown" ? "unknown" : "bad";
  return Row("Network", {Span(css_class, o.state), Text(o.desired ? ", declared" : ", no longer declared")});
}

bool IsAsDeclared(const ObjectStatus& o) {
  return o.desired && o.desired->image == o.image && o.desired->spec_hash == o.spec_hash;
}

Node Actual(const ObjectStatus& o) {
  if (o.id.empty()) return Row("Runs", {Span(o.state == "unknown" ? "unknown" : "bad", o.state)});
  std::vector<Node> value = {IsAsDeclared(o) ? Span("ok", "as declared") : Code(o.image)};
  value.push_back(Text(absl::StrCat(", ", o.state)));
  if (o.started_at != absl::InfinitePast() && o.state == "running") {
    value.push_back(Text(" for "));
    value.push_back(Since(o.started_at));
  }
  if (o.restarts > 0)
    value.push_back(Text(absl::StrCat(", restarted ", Plural(o.restarts, "time"), " by Docker")));
  return Row("Runs", std::move(value));
}

// --- conditions

Level LevelOf(const Condition& c) {
  if (c.status == Truth::kUnknown) return Level::kUnknown;
  if (c.type == api::kProgressing || c.type == api::kSuspended)
    return c.status == Truth::kTrue ? Level::kBusy : Level::kOk;
  return c.status == Truth::kTrue ? Level::kOk : Level::kBad;
}

// Whether reason and message of a condition that is True say no more than the condition, or than the facts
// beside it.
bool IsPlain(const Condition& c) {
  static const std::set<std::string> kPlain = {reason::kInSync, reason::kRunning, reason::kAccepted,
                                               reason::kConnected};
  return c.status == Truth::kTrue && kPlain.count(c.reason) > 0;
}

// The plan below the conditions says it in full.
bool ToldByPlan(const ObjectStatus& o, const Condition& c) {
  if (absl::StartsWith(c.message, "waits for ")) return !o.plan.waiting.empty();
  if (c.reason == reason::kPulling) return o.pull.has_value();
  return (c.reason == reason::kOutOfSync || c.reason == reason::kSuspended) && !o.plan.steps.empty();
}

Node Conditions(const ObjectStatus& o) {
  const bool busy = httpserver::LevelOf(o) == Level::kBusy;
  Node list = Element("ul", {{"class", "conditions"}});
  for (const Condition& c : o.conditions)
    if (c.type != api::kProgressing || c.status == Truth::kTrue)
      list.children.push_back(ConditionItem(c, {.told = ToldByPlan(o, c), .busy = busy}));
  return list;
}

// --- the plan

Node Arrow() {
  return Element("span",
                 {Element("span", {{"aria-hidden", "true"}}, {Text(" \u2192 ")}), Span("sr", " to ")});
}

// The parts of two references of one repository that differ: their tags or digests. Else the references.
std::pair<std::string, std::string> Differing(const std::string& from, const std::string& to) {
  const size_t at = from.find_last_of(":@");
  const bool same_repository =
      at != std::string::npos && to.find_last_of(":@") == at && from.find('/', at) == std::string::npos &&
      to.find('/', at) == std::string::npos && from.substr(0, at) == to.substr(0, at);
  if (!same_repository) return {from, to};
  return {from.substr(at + 1), to.substr(at + 1)};
}

Node ChangeItem(const plan::Change& c) {
  const auto value = [](const char* css_class, const std::string& text) {
    return Element("code", {{"class", css_class}}, {Text(text.empty() ? "(none)" : text)});
  };
  const auto [from, to] = c.field == "image" ? Differing(c.from, c.to) : std::pair(c.from, c.to);
  return Element("li", {value("field", c.field), Text(" "), value("from", from), Arrow(), value("to", to)});
}

Node StepItem(const PlanSummary::Step& step) {
  return Element("li", {Code(step.operation), Text(absl::StrCat(" ", step.arguments, " ")),
                        Span("cause", absl::StrCat("(", step.cause, step.waits ? "; waits" : "", ")"))});
}

void AppendPlan(const ObjectStatus& o, std::vector<Node>& nodes) {
  Node changes = Element("ul", {{"class", "changes"}});
  for (const PlanSummary::Step& step : o.plan.steps)
    for (const plan::Change& c : step.changes) changes.children.push_back(ChangeItem(c));
  if (!changes.children.empty()) {
    nodes.push_back(Element("h4", {Text("What differs")}));
    nodes.push_back(std::move(changes));
  }
  if (!o.plan.steps.empty()) {
    const Condition* synced = report::Find(o.conditions, api::kSynced);
    const bool suspended = synced != nullptr && synced->reason == reason::kSuspended;
    nodes.push_back(Element("h4", {Text(suspended ? "What would be done" : "What is done about it")}));
    Node list = Element("ol", {{"class", "steps"}});
    for (const PlanSummary::Step& step : o.plan.steps) list.children.push_back(StepItem(step));
    nodes.push_back(std::move(list));
  }
  for (const plan::Waiting& w : o.plan.waiting)
    nodes.push_back(
        Element("p", {{"class", "waits"}},
                {Text(absl::StrCat("Waits for ", w.for_what, " to be ", w.until, " ")), Code(w.reason)}));
}

// --- pull and rollout

Node Pull(const ObjectStatus& o) {
  const report::PullStatus& pull = *o.pull;
  const bool declared = o.desired && o.desired->image == pull.image;
  Attributes attributes = {{"aria-label", absl::StrCat("Pull of ", pull.image)}};
  if (pull.bytes_total > 0) {
    attributes.emplace_back("max", absl::StrCat(pull.bytes_total));
    attributes.emplace_back("value", absl::StrCat(pull.bytes_done));
  }
  return Element("div", {{"class", "pull"}},
                 {Element("p", {Text("Pulling "), declared ? Text("the declared image") : Code(pull.image),
                                Text(" for "), Since(pull.started_at)}),
                  Element("progress", std::move(attributes)),
                  Element("p", {{"class", "amount"}}, {Text(PullWords(pull))})});
}

struct ResultWords {
  const char *result, *words;
  Level level;
};

const ResultWords& WordsOf(const std::string& result) {
  static constexpr ResultWords kWords[] = {{"InProgress", "Rolling out", Level::kBusy},
                                           {"Succeeded", "Rolled out", Level::kOk},
                                           {"RolledBack", "Rolled back", Level::kBad},
                                           {"Inconclusive", "Rollout without a verdict", Level::kUnknown},
                                           {"Failed", "Rollout failed", Level::kBad},
                                           {"", "Rollout", Level::kUnknown}};
  return *std::find_if(std::begin(kWords), std::end(kWords) - 1,
                       [&](const ResultWords& w) { return result == w.result; });
}

Node Rollout(const LastRollout& r) {
  const ResultWords& words = WordsOf(r.result);
  const bool over = r.finished_at != absl::InfinitePast();
  const absl::Time time = over ? r.finished_at : r.started_at;
  Node line = Element("p", {Mark(words.level), Element("b", {Text(words.words)}), Text(" ")});
  const auto add = [&line](Node node) { line.children.push_back(std::move(node)); };
  if (time != absl::InfinitePast()) {
    add(Text(over ? "" : "for "));
    add(Since(time));
    add(Text(over ? " ago: " : ": "));
  }
  const auto [from, to] = Differing(r.from, r.to);
  add(Code(r.from == r.to ? r.to : from));
  add(r.from == r.to ? Text(" with other settings") : Arrow());
  if (r.from != r.to) add(Code(to));
  Node block = Element("div", {{"class", absl::StrCat("rollout ", ClassOf(words.level))}}, {std::move(line)});
  if (!r.message.empty()) block.children.push_back(Element("p", {{"class", "message"}}, {Text(r.message)}));
  return block;
}

// --- the rest

void AddRow(absl::string_view name, absl::string_view value, Node& list) {
  if (!value.empty()) list.children.push_back(Row(name, {Code(value)}));
}

Node Details(const ObjectStatus& o) {
  Node list = Element("dl");
  AddRow("Id", o.id, list);
  AddRow("Image id", o.image_id, list);
  AddRow("Spec hash", o.spec_hash, list);
  if (o.desired && o.desired->spec_hash != o.spec_hash) AddRow("Declared", o.desired->spec_hash, list);
  for (const Condition& c : o.conditions) {
    if (c.last_transition == absl::InfinitePast()) continue;
    list.children.push_back(Row(c.type, {Text(absl::StrCat(report::Name(c.status), ", ")), Code(c.reason),
                                         Text(" for "), Since(c.last_transition)}));
  }
  return Element(
      "details", {{"id", absl::StrCat("details/", o.object)}},
      {Element("summary", {Text("Identifiers and times"), Span("sr", absl::StrCat(" of ", o.object))}),
       std::move(list)});
}

}  // namespace

Node ConditionItem(const Condition& c, ConditionContext context) {
  const Level own = LevelOf(c);
  const Level level = context.busy && own == Level::kBad ? Level::kBusy : own;
  Node item = Element("li", {{"class", ClassOf(level)}},
                      {Mark(level), Element("b", {Text(c.type)}),
                       Span("sr", absl::StrCat(" ", report::Name(c.status), " "))});
  if (!IsPlain(c)) {
    item.children.push_back(Text(" "));
    item.children.push_back(Element("code", {{"class", "reason"}}, {Text(c.reason)}));
    if (c.last_transition != absl::InfinitePast()) {
      item.children.push_back(Text(" for "));
      item.children.push_back(Since(c.last_transition));
    }
  }
  const bool plain = c.status == Truth::kTrue && c.reason == reason::kConnected;
  if (!context.told && !plain && !c.message.empty())
    item.children.push_back(Element("p", {{"class", "message"}}, {Text(c.message)}));
  return item;
}

Node ObjectSection(const ObjectStatus& o) {
  const Level level = httpserver::LevelOf(o);
  const std::string name = o.object.substr(o.object.find('/') + 1);
  Node title = Element("h3", {{"id", absl::StrCat("name/", o.object)}}, {Mark(level), Text(name)});
  if (o.component != name && !o.component.empty()) {
    title.children.push_back(Text(" "));
    title.children.push_back(Span("component", o.component));
  }
  std::vector<Node> content = {
      Element("div", {{"class", "head"}}, {std::move(title), Conditions(o)}),
      IsNetwork(o) ? Element("dl", {Network(o)}) : Element("dl", {Declared(o), Actual(o)})};
  if (o.pull) content.push_back(Pull(o));
  if (o.last_rollout) content.push_back(Rollout(*o.last_rollout));
  AppendPlan(o, content);
  content.push_back(Details(o));
  return Element(
      "article",
      {{"id", o.object}, {"class", ClassOf(level)}, {"aria-labelledby", absl::StrCat("name/", o.object)}},
      std::move(content));
}

}  // namespace spacelet::httpserver

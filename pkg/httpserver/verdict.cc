#include "pkg/httpserver/verdict.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::httpserver {
namespace {

using report::Condition;
using report::Lack;
using report::ObjectStatus;
using report::Truth;
namespace reason = api::reason;

// What leads on by itself. A back-off is none of it: it tries again what has failed.
bool LeadsOn(const std::string& why) {
  static const std::set<std::string> kReasons = {reason::kPulling,          reason::kReconciling,
                                                 reason::kStarting,         reason::kDraining,
                                                 reason::kRollingOut,       reason::kWaitingForDependency,
                                                 reason::kPendingRemoval,   reason::kWaitingForNetwork,
                                                 reason::kWaitingForWindow, reason::kWaitingForSplay};
  return kReasons.count(why) > 0;
}

bool Is(const ObjectStatus& object, const char* type, Truth truth) {
  const Condition* condition = report::Find(object.conditions, type);
  return condition != nullptr && condition->status == truth;
}

std::string ReasonOf(const ObjectStatus& object, const char* type) {
  const Condition* condition = report::Find(object.conditions, type);
  return condition == nullptr ? "" : condition->reason;
}

bool AtWork(const ObjectStatus& object) {
  if (ReasonOf(object, api::kReady) == reason::kCrashLoopBackOff) return false;
  if (Is(object, api::kProgressing, Truth::kTrue)) return LeadsOn(ReasonOf(object, api::kProgressing));
  return Is(object, api::kSynced, Truth::kTrue) && ReasonOf(object, api::kReady) == reason::kStarting;
}

Level HostLevel(const report::Status& status) {
  if (report::Lacks(status).empty()) return Level::kOk;
  const bool sees = report::IsTrue(status.conditions, api::kConfigAccepted) &&
                    report::IsTrue(status.conditions, api::kDockerAvailable);
  const bool stuck = std::any_of(status.objects.begin(), status.objects.end(), [](const ObjectStatus& o) {
    const Level level = LevelOf(o);
    return level == Level::kBad || level == Level::kUnknown;
  });
  return sees && !stuck ? Level::kBusy : Level::kBad;
}

const char* Phrase(const Condition& c) {
  const bool unknown = c.status == Truth::kUnknown;
  if (c.type == api::kSynced) return unknown ? "cannot be looked at" : "is not as the document says";
  if (c.type == api::kReady) return unknown ? "is not known to be ready" : "is not ready";
  if (c.type == api::kProgressing) return "is being changed";
  if (c.type == api::kConfigAccepted) return unknown ? "was not read yet" : "was not accepted";
  if (c.type == api::kDockerAvailable) return unknown ? "was not asked yet" : "does not answer";
  return "is not as it should be";
}

const ObjectStatus* Find(const report::Status& status, const std::string& name) {
  for (const ObjectStatus& object : status.objects)
    if (object.object == name) return &object;
  return nullptr;
}

// The condition's message, or the first of the steps that it would list: the object shows them all.
std::string Gist(const Lack& lack, const ObjectStatus* object) {
  if (object != nullptr && object->pull) return absl::StrCat("pulling, ", PullWords(*object->pull));
  if (object == nullptr || lack.condition.reason != reason::kOutOfSync || object->plan.steps.empty())
    return lack.condition.message;
  const report::PlanSummary::Step& step = object->plan.steps.front();
  const size_t more = object->plan.steps.size() - 1;
  return absl::StrCat(step.operation, " ", step.arguments, " (", step.cause, ")",
                      more == 0   ? ""
                      : more == 1 ? ", and 1 more step"
                                  : absl::StrCat(", and ", more, " more steps"));
}

Node LackItem(const Lack& lack, const report::Status& status) {
  const ObjectStatus* object = Find(status, lack.what);
  const std::string name = object == nullptr ? lack.what : lack.what.substr(lack.what.find('/') + 1);
  Node link =
      Element("a", {{"href", absl::StrCat("#", object == nullptr ? "document" : lack.what)}}, {Text(name)});
  if (lack.condition.type.empty())
    return Element("li", {std::move(link), Text(absl::StrCat(": ", lack.condition.message))});
  Node item = Element("li", {std::move(link), Text(absl::StrCat(" ", Phrase(lack.condition), ": ")),
                             Element("code", {{"class", "reason"}}, {Text(lack.condition.reason)})});
  if (const std::string gist = Gist(lack, object); !gist.empty())
    item.children.push_back(Element("span", {{"class", "message"}}, {Text(absl::StrCat(" ", gist))}));
  return item;
}

std::string Sentence(const report::Status& status, Level level, size_t lacks) {
  if (report::IsTrue(status.conditions, api::kSuspended))
    return "The document suspends the agent: it looks and changes nothing.";
  if (level == Level::kOk) return "Everything is as the document says.";
  if (level == Level::kBusy) return "The agent is at work on it; nothing is asked of you.";
  return lacks == 1 ? "One thing is missing." : absl::StrCat(lacks, " things are missing.");
}

}  // namespace

const char* ClassOf(Level level) {
  static constexpr std::array<const char*, 4> kClasses = {"ok", "busy", "bad", "unknown"};
  return kClasses[static_cast<size_t>(level)];
}

Level LevelOf(const ObjectStatus& object) {
  if (Is(object, api::kSynced, Truth::kUnknown) || Is(object, api::kReady, Truth::kUnknown))
    return Level::kUnknown;
  const bool settled = Is(object, api::kSynced, Truth::kTrue) && Is(object, api::kReady, Truth::kTrue) &&
                       !Is(object, api::kProgressing, Truth::kTrue);
  if (settled) return Level::kOk;
  return AtWork(object) ? Level::kBusy : Level::kBad;
}

Verdict VerdictOn(const report::Status& status) {
  static constexpr std::array<const char*, 4> kHeadlines = {"Ready", "Working on it", "Not ready",
                                                            "Not ready"};
  Verdict verdict{HostLevel(status), ""};
  verdict.headline = kHeadlines[static_cast<size_t>(verdict.level)];
  if (report::IsTrue(status.conditions, api::kSuspended)) verdict.headline += ", suspended";
  return verdict;
}

Node VerdictSection(const report::Status& status) {
  const Verdict verdict = VerdictOn(status);
  const std::vector<Lack> lacks = report::Lacks(status);
  Node why = Element("p", {Text(Sentence(status, verdict.level, lacks.size()))});
  if (const Condition* ready = report::Find(status.conditions, api::kReady); ready != nullptr) {
    why.children.push_back(Text(ready->status == Truth::kTrue ? " Ready for " : " Not ready for "));
    why.children.push_back(Since(ready->last_transition));
    why.children.push_back(Text("."));
  }
  Node section = Element(
      "section", {{"id", "verdict"}, {"class", ClassOf(verdict.level)}, {"aria-labelledby", "headline"}},
      {Element("p", {{"class", "host"}}, {Text(status.name.empty() ? "no document yet" : status.name)}),
       Element("h1", {{"id", "headline"}}, {Mark(verdict.level), Text(verdict.headline)}), std::move(why)});
  Node list = Element("ul");
  for (const Lack& lack : lacks) list.children.push_back(LackItem(lack, status));
  if (!list.children.empty()) section.children.push_back(std::move(list));
  return section;
}

std::string PullWords(const report::PullStatus& pull) {
  if (pull.layers_total == 0) return "beginning";
  std::string words = absl::StrCat(pull.layers_done, " of ", pull.layers_total, " layers");
  if (pull.bytes_total > 0)
    absl::StrAppend(&words, ", ", pull.bytes_done >> 20, " of ", pull.bytes_total >> 20, " MiB");
  return words;
}

Node Mark(Level level) {
  static constexpr std::array<const char*, 4> kMarks = {"\u2713", "\u21bb", "\u2715", "?"};
  return Element("span", {{"class", absl::StrCat("mark ", ClassOf(level))}, {"aria-hidden", "true"}},
                 {Text(kMarks[static_cast<size_t>(level)])});
}

}  // namespace spacelet::httpserver

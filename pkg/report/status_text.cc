#include "pkg/report/status_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::report {
namespace {

constexpr size_t kShortCommit = 8;  // as in diagnostics
constexpr char kGreen[] = "\033[32m", kYellow[] = "\033[33m", kRed[] = "\033[31m", kPlain[] = "\033[0m";

using Row = std::vector<std::string>;

std::string Word(const ObjectStatus& object, absl::string_view type) {
  const Condition* condition = Find(object.conditions, type);
  return condition == nullptr ? "-" : std::string(Name(condition->status));
}

// The condition that a person should read first: what is wrong, else what is under way, else how it is.
const Condition* Telling(const ObjectStatus& object) {
  for (const char* type : {api::kSynced, api::kReady})
    if (const Condition* c = Find(object.conditions, type); c != nullptr && c->status != Truth::kTrue)
      return c;
  if (IsTrue(object.conditions, api::kProgressing)) return Find(object.conditions, api::kProgressing);
  return Find(object.conditions, api::kReady);
}

Row TableRow(const ObjectStatus& object, absl::Time now) {
  const Condition* telling = Telling(object);
  return {object.object,
          object.state.empty() ? "-" : object.state,
          Word(object, api::kReady),
          Word(object, api::kSynced),
          Age(object.started_at, now),
          object.image.empty() ? "-" : object.image,
          telling == nullptr ? "-" : telling->reason};
}

const char* ColorOf(const std::string& cell) {
  if (cell == "True") return kGreen;
  if (cell == "False") return kRed;
  return cell == "Unknown" ? kYellow : nullptr;
}

std::string Pad(const std::string& cell, size_t width, bool color) {
  const std::string padding(width - std::min(width, cell.size()), ' ');
  const char* code = color ? ColorOf(cell) : nullptr;
  return code == nullptr ? absl::StrCat(cell, padding) : absl::StrCat(code, cell, kPlain, padding);
}

std::string Table(const std::vector<Row>& rows, bool color) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) absl::StrAppend(&text, Pad(row[i], widths[i], color), "  ");
    absl::StrAppend(&text, row.back(), "\n");
  }
  return text;
}

std::string Headline(const Status& status, bool color) {
  const bool ready = IsTrue(status.conditions, api::kReady);
  std::string text = absl::StrCat(status.name.empty() ? "(no document)" : status.name, ": ",
                                  ready ? "ready" : "not ready", ", generation ", status.config.generation);
  if (status.config.observed_generation != status.config.generation)
    absl::StrAppend(&text, " (observed ", status.config.observed_generation, ")");
  if (!status.config.commit.empty())
    absl::StrAppend(&text, ", commit ", absl::string_view(status.config.commit).substr(0, kShortCommit));
  if (IsTrue(status.conditions, api::kSuspended)) absl::StrAppend(&text, ", suspended");
  const DockerStatus& docker = status.docker;
  absl::StrAppend(&text, docker.available ? absl::StrCat(", docker ", docker.engine_version, " (API ",
                                                         docker.api_version, ")")
                                          : ", docker unavailable");
  if (color) text = absl::StrCat(ready ? kGreen : kRed, text, kPlain);
  return absl::StrCat(text, "\n");
}

// Whether a condition's message says more than the table does.
bool WorthTelling(const Condition& c) {
  return !c.message.empty() && (c.status != Truth::kTrue || c.type == api::kProgressing ||
                                c.type == api::kSuspended || c.type == api::kConfigAccepted);
}

void AppendMessages(const std::string& what, const std::vector<Condition>& conditions, std::string& text) {
  std::string last;
  for (const Condition& c : conditions) {
    if (!WorthTelling(c) || c.message == last) continue;
    absl::StrAppend(&text, what, ": ", c.reason, ": ", c.message, "\n");
    last = c.message;
  }
}

std::string Messages(const Status& status) {
  std::string text;
  std::vector<Condition> host = status.conditions;
  host.erase(
      std::remove_if(host.begin(), host.end(), [](const Condition& c) { return c.type == api::kReady; }),
      host.end());
  AppendMessages("host", host, text);
  for (const ObjectStatus& object : status.objects) {
    AppendMessages(object.object, object.conditions, text);
    for (const PlanSummary::Step& step : object.plan.steps)
      for (const plan::Change& c : step.changes)
        absl::StrAppend(&text, "    ", c.field, ": ", c.from, " -> ", c.to, "\n");
  }
  // Those of the document say themselves what they are, after their place.
  for (const std::string& warning : status.config.warnings)
    absl::StrAppend(&text, absl::StrContains(warning, ": warning: ") ? "" : "warning: ", warning, "\n");
  return text;
}

}  // namespace

std::string Age(absl::Time since, absl::Time now) {
  if (since == absl::InfinitePast()) return "-";
  constexpr int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(now - since), 0);
  if (seconds < 2 * kMinute) return absl::StrCat(seconds, "s");
  if (seconds < 2 * kHour) return absl::StrCat(seconds / kMinute, "m");
  if (seconds < 2 * kDay) return absl::StrCat(seconds / kHour, "h");
  return absl::StrCat(seconds / kDay, "d");
}

std::string ToText(const Status& status, absl::Time now, TextOptions options) {
  std::string text = Headline(status, options.color);
  if (!status.objects.empty()) {
    std::vector<Row> rows = {{"OBJECT", "STATE", "READY", "SYNCED", "AGE", "IMAGE", "REASON"}};
    for (const ObjectStatus& object : status.objects) rows.push_back(TableRow(object, now));
    absl::StrAppend(&text, "\n", Table(rows, options.color));
  }
  const std::string messages = Messages(status);
  return messages.empty() ? text : absl::StrCat(text, "\n", messages);
}

}  // namespace spacelet::report

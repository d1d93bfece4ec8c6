#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/report/events.h"
#include "pkg/report/json.h"

namespace spacelet::report {
namespace {

const char* Name(Event::Type type) { return type == Event::Type::kWarning ? "Warning" : "Normal"; }

}  // namespace

std::string ToJson(const Event& event) {
  return json::Line({{"time", json::Rfc3339(event.time)},
                     {"object", event.object},
                     {"type", Name(event.type)},
                     {"reason", event.reason},
                     {"message", event.message},
                     {"count", event.count},
                     {"revision", event.revision}});
}

absl::StatusOr<Event> EventFromJson(absl::string_view line) {
  const json::Json root = json::Parse(line);
  if (!root.is_object() || json::Text(root, "reason").empty())
    return absl::InvalidArgumentError("the line is no event");
  return Event{.sequence = 0,
               .time = json::Time(root, "time"),
               .object = json::Text(root, "object"),
               .type = json::Text(root, "type") == "Warning" ? Event::Type::kWarning : Event::Type::kNormal,
               .reason = json::Text(root, "reason"),
               .message = json::Text(root, "message"),
               .count = json::Number(root, "count"),
               .revision = json::Text(root, "revision")};
}

std::string ToText(const Event& event) {
  const std::string times = event.count > 1 ? absl::StrCat(" (", event.count, " times)") : "";
  return absl::StrFormat("%s  %-7s  %-28s  %-20s  %s%s", json::Rfc3339(event.time), Name(event.type),
                         event.object, event.reason, event.message, times);
}

}  // namespace spacelet::report

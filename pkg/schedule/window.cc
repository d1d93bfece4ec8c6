#include "pkg/schedule/window.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace spacelet::schedule {
namespace {

// Letters, digits and -_+ in words separated by slashes: never a path out of the database.
bool IsZoneName(absl::string_view name) {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/";
  return !name.empty() && name.size() <= 64 && name.find_first_not_of(kLetters) == absl::string_view::npos &&
         name.front() != '/' && name.back() != '/' && !absl::StrContains(name, "//");
}

// Of Debian's database: the host's own zone, and clocks that count leap seconds.
bool DependsOnHost(absl::string_view name) {
  return name == "localtime" || name == "posixrules" || absl::StartsWith(name, "right/");
}

// `trans` of a local time that does not exist is the jump; `pre` of one that exists twice is its first.
absl::Time Instant(absl::CivilSecond local, const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

void Append(const Window& window, absl::Time from, absl::Time to, std::vector<Span>& spans) {
  // A day more on either side: zones are at most that far apart, and a jump may move a time over midnight.
  const absl::CivilDay last = absl::CivilDay(window.zone.At(to).cs) + 1;
  for (absl::CivilDay day = absl::CivilDay(window.zone.At(from).cs) - 1; day <= last; ++day) {
    if (!window.cron.ComesUpOn(day)) continue;
    for (const absl::CivilMinute& time : window.cron.times()) {
      const absl::Time at = Instant(
          absl::CivilSecond(day.year(), day.month(), day.day(), time.hour(), time.minute()), window.zone);
      if (at < from || at >= to) continue;
      if (!spans.empty() && spans.back().begin <= at && at <= spans.back().end)
        spans.back().end = std::max(spans.back().end, at + window.duration);
      else
        spans.push_back({at, at + window.duration});
    }
  }
}

}  // namespace

absl::StatusOr<absl::TimeZone> ParseZone(const std::string& name) {
  absl::TimeZone zone;
  if (!IsZoneName(name) || DependsOnHost(name))
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is not the name of a time zone, like America/Los_Angeles or UTC"));
  if (!absl::LoadTimeZone(name, &zone))
    return absl::InvalidArgumentError(absl::StrCat(
        "the time zone ", name, " is not known here: its name is wrong, or the package tzdata is missing"));
  return zone;
}

std::vector<Span> OpenSpans(const std::vector<Window>& windows, absl::Time from, absl::Time to) {
  std::vector<Span> all, merged;
  for (const Window& window : windows) {
    std::vector<Span> spans;
    Append(window, from, to, spans);
    all.insert(all.end(), spans.begin(), spans.end());
  }
  std::sort(all.begin(), all.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (const Span& span : all) {
    if (!merged.empty() && span.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, span.end);
    else
      merged.push_back(span);
  }
  return merged;
}

}  // namespace spacelet::schedule

#include "pkg/schedule/cron.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/status_macros.h"

namespace spacelet::schedule {
namespace {

using Values = std::bitset<64>;

struct Field {
  absl::string_view name;
  int least, most;
  absl::string_view names;  // of its values from `least` on, three letters each
};

constexpr std::array<Field, 5> kFields = {{
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
}};

absl::Status Wrong(const Field& field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the ", field.name, " ", what));
}

std::optional<int> Number(absl::string_view text) {
  int value = 0;
  const bool digits =
      !text.empty() && text.size() <= 2 && text.find_first_not_of("0123456789") == absl::string_view::npos;
  return digits && absl::SimpleAtoi(text, &value) ? std::optional(value) : std::nullopt;
}

absl::StatusOr<int> Value(const Field& field, absl::string_view text) {
  std::optional<int> value = Number(text);
  const size_t at = text.size() == 3 ? field.names.find(absl::AsciiStrToLower(text)) : field.names.npos;
  if (at != field.names.npos && at % 3 == 0) value = field.least + static_cast<int>(at / 3);
  if (value && *value >= field.least && *value <= field.most) return *value;
  return Wrong(field, absl::StrCat("\"", text, "\" is not one of ", field.least, " to ", field.most,
                                   field.names.empty() ? ""
                                                       : absl::StrCat(", or ", field.names.substr(0, 3), ", ",
                                                                      field.names.substr(3, 3), ", …")));
}

// The end of a range without its step, and the step.
absl::StatusOr<int> Step(const Field& field, absl::string_view& item) {
  const size_t slash = item.find('/');
  if (slash == absl::string_view::npos) return 1;
  const std::optional<int> step = Number(item.substr(slash + 1));
  const absl::string_view range = item.substr(0, slash);
  if (!step || *step == 0)
    return Wrong(field, absl::StrCat("\"", item, "\" has no step from 1 on after its /"));
  if (range != "*" && range.find('-') == absl::string_view::npos)
    return Wrong(field, absl::StrCat("\"", item, "\" has a step without a range: write ", range, "-",
                                     field.most, "/", *step));
  item = range;
  return *step;
}

absl::Status Add(const Field& field, absl::string_view item, Values& values) {
  const absl::string_view written = item;
  ASSIGN_OR_RETURN(const int step, Step(field, item));
  int from = field.least, to = field.most;
  if (item != "*") {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(item, absl::MaxSplits('-', 1));
    ASSIGN_OR_RETURN(from, Value(field, ends.first));
    to = from;
    if (item.find('-') != absl::string_view::npos) {
      ASSIGN_OR_RETURN(to, Value(field, ends.second));
    }
    if (to < from) return Wrong(field, absl::StrCat("\"", written, "\" ends before it begins"));
  } else if (field.least == 0 && field.most == 7) {
    to = 6;  // Sunday is no eighth day
  }
  for (int value = from; value <= to; value += step) values.set(static_cast<size_t>(value));
  return absl::OkStatus();
}

absl::StatusOr<Values> Parse(const Field& field, absl::string_view text) {
  Values values;
  for (const absl::string_view item : absl::StrSplit(text, ',')) RETURN_IF_ERROR(Add(field, item, values));
  return values;
}

// Every value, by a star; one with a step asks for some (robfig/cron, which Kubernetes uses).
bool IsAny(absl::string_view text) {
  const std::vector<absl::string_view> items = absl::StrSplit(text, ',');
  return std::any_of(items.begin(), items.end(), [](auto item) { return item == "*" || item == "*/1"; });
}

template <size_t N>
void Copy(const Values& from, std::bitset<N>& to) {
  for (size_t i = 0; i < N; ++i) to[i] = from[i];
}

}  // namespace

absl::StatusOr<Cron> Cron::Parse(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() != kFields.size())
    return absl::InvalidArgumentError(absl::StrCat(
        "has ", words.size(), words.size() == 1 ? " field" : " fields",
        " instead of five: minute, hour, day of the month, month, day of the week, like \"0 2 * * 1-5\""));
  std::array<Values, kFields.size()> values;
  for (size_t i = 0; i < kFields.size(); ++i) {
    ASSIGN_OR_RETURN(values[i], schedule::Parse(kFields[i], words[i]));
  }
  Cron cron;
  cron.text_ = absl::StrCat(words[0], " ", words[1], " ", words[2], " ", words[3], " ", words[4]);
  for (int hour = 0; hour < 24; ++hour)
    for (int minute = 0; minute < 60; ++minute)
      if (values[1][static_cast<size_t>(hour)] && values[0][static_cast<size_t>(minute)])
        cron.times_.emplace_back(1970, 1, 1, hour, minute);
  Copy(values[2], cron.days_);
  Copy(values[3], cron.months_);
  Copy(values[4], cron.weekdays_);
  if (cron.weekdays_[7]) cron.weekdays_.set(0);
  cron.any_day_ = IsAny(words[2]);
  cron.any_weekday_ = IsAny(words[4]);
  if (!cron.ComesUpEachYear())
    return absl::InvalidArgumentError(
        "does not come up in every year: its days do not exist in its months, or only in leap years");
  return cron;
}

bool Cron::ComesUpOn(absl::CivilDay day) const {
  if (!months_[static_cast<size_t>(day.month())]) return false;
  // absl counts from Monday = 0.
  const size_t weekday = (static_cast<size_t>(absl::GetWeekday(day)) + 1) % 7;
  const bool by_day = days_[static_cast<size_t>(day.day())], by_weekday = weekdays_[weekday];
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

// In years of 365 days, whatever weekday they begin with.
bool Cron::ComesUpEachYear() const {
  for (int first = 2001; first < 2012; ++first) {  // common years begin with every weekday among these
    bool comes_up = false;
    if (first % 4 == 0) continue;
    for (absl::CivilDay day(first, 1, 1); day.year() == first && !comes_up; ++day) comes_up = ComesUpOn(day);
    if (!comes_up) return false;
  }
  return true;
}

}  // namespace spacelet::schedule

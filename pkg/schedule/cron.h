// When something recurs: the five fields of cron, "minute hour day-of-month month day-of-week", as the
// `schedule` of a Kubernetes CronJob means them. Plain values; pure.
#pragma once

#include <bitset>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace spacelet::schedule {

class Cron {
 public:
  // A field is a list, separated by commas, of `*`, `N`, `N-M`, `*/STEP` and `N-M/STEP`; months and days of
  // the week also by the first three letters of their English names; Sunday is 0 or 7. Where neither the day
  // of the month nor the day of the week is a plain `*`, either is enough. Errors: InvalidArgument, a
  // sentence that names the field and what is wrong with it; also for a schedule that does not come up in
  // each year (30 February, 29 February).
  static absl::StatusOr<Cron> Parse(absl::string_view text);

  bool ComesUpOn(absl::CivilDay day) const;
  // The times of such a day, in order: at most 1440.
  const std::vector<absl::CivilMinute>& times() const { return times_; }  // on 1970-01-01

  const std::string& text() const { return text_; }
  bool operator==(const Cron& other) const { return text_ == other.text_; }

 private:
  Cron() = default;
  bool ComesUpEachYear() const;

  std::string text_;
  std::vector<absl::CivilMinute> times_;
  std::bitset<32> days_;                        // 1 to 31
  std::bitset<13> months_;                      // 1 to 12
  std::bitset<8> weekdays_;                     // 0 to 6, Sunday is 0
  bool any_day_ = false, any_weekday_ = false;  // a plain `*`
};

}  // namespace spacelet::schedule

#include "pkg/schedule/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace spacelet::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The days of `month` on which it comes up.
std::vector<int> DaysOf(const std::string& cron, int year, int month) {
  std::vector<int> days;
  const Cron parsed = *Cron::Parse(cron);
  for (absl::CivilDay day(year, month, 1); day.month() == month; ++day)
    if (parsed.ComesUpOn(day)) days.push_back(day.day());
  return days;
}

std::string TimesOf(const std::string& cron) {
  std::string text;
  const Cron parsed = *Cron::Parse(cron);
  for (const absl::CivilMinute& time : parsed.times()) text += absl::FormatCivilTime(time).substr(11) + " ";
  return text;
}

TEST(CronTimes, AreListsRangesAndSteps) {
  EXPECT_EQ(TimesOf("0 2 * * *"), "02:00 ");
  EXPECT_EQ(TimesOf("5,50 22-23 * * *"), "22:05 22:50 23:05 23:50 ");
  EXPECT_EQ(TimesOf("*/30 0-8/8 * * *"), "00:00 00:30 08:00 08:30 ");
  EXPECT_EQ(TimesOf("40-59/10,0 03 * * *"), "03:00 03:40 03:50 ");
  EXPECT_EQ(TimesOf(" 0\t2  *  *  * "), "02:00 ");
}

// March 2026 begins with a Sunday.
TEST(CronDays, OfTheWeekAreNumbersAndNames) {
  EXPECT_THAT(DaysOf("0 2 * * 1", 2026, 3), ElementsAre(2, 9, 16, 23, 30));
  EXPECT_THAT(DaysOf("0 2 * * 0", 2026, 3), ElementsAre(1, 8, 15, 22, 29));
  EXPECT_THAT(DaysOf("0 2 * * 7", 2026, 3), ElementsAre(1, 8, 15, 22, 29));
  EXPECT_THAT(DaysOf("0 2 * * SAT,sun", 2026, 3), ElementsAre(1, 7, 8, 14, 15, 21, 22, 28, 29));
  EXPECT_THAT(DaysOf("0 2 * * 5-7", 2026, 3), DaysOf("0 2 * * fri,sat,sun", 2026, 3));
  EXPECT_THAT(DaysOf("0 2 * * */6", 2026, 3), DaysOf("0 2 * * sun,sat", 2026, 3));
}

TEST(CronDays, OfTheMonthComeUpWhereTheyExist) {
  for (const auto& [month, times] : std::vector<std::pair<int, size_t>>{{1, 1}, {2, 0}, {4, 0}, {12, 1}})
    EXPECT_EQ(DaysOf("0 2 31 * *", 2026, month).size(), times) << month;
  EXPECT_THAT(DaysOf("0 2 28-31 * *", 2024, 2), ElementsAre(28, 29));
  EXPECT_THAT(DaysOf("0 2 28-31 * *", 2026, 2), ElementsAre(28));
  EXPECT_THAT(DaysOf("0 2 */10 * *", 2026, 3), ElementsAre(1, 11, 21, 31));
}

TEST(CronDays, OfBothKindsAreEither) {
  EXPECT_THAT(DaysOf("0 2 15 * mon", 2026, 3), ElementsAre(2, 9, 15, 16, 23, 30));
  EXPECT_THAT(DaysOf("0 2 */15 * mon", 2026, 3), ElementsAre(1, 2, 9, 16, 23, 30, 31));
  EXPECT_THAT(DaysOf("0 2 */1 * mon", 2026, 3), ElementsAre(2, 9, 16, 23, 30));
}

TEST(CronMonths, AreNumbersAndNames) {
  EXPECT_THAT(DaysOf("0 2 1 jan-mar,Dec *", 2026, 3), ElementsAre(1));
  EXPECT_THAT(DaysOf("0 2 1 jan-mar,Dec *", 2026, 12), ElementsAre(1));
  EXPECT_THAT(DaysOf("0 2 1 jan-mar,Dec *", 2026, 4), ElementsAre());
  EXPECT_THAT(DaysOf("0 2 1 */6 *", 2026, 7), ElementsAre(1));
}

TEST(Cron, KeepsItsText) { EXPECT_EQ(Cron::Parse(" 0  2 * * MON ")->text(), "0 2 * * MON"); }

struct BadCase {
  std::string name, text, message;
};
std::ostream& operator<<(std::ostream& out, const BadCase& c) { return out << c.name; }

class BadCron : public ::testing::TestWithParam<BadCase> {};
TEST_P(BadCron, SaysWhatIsWrong) {
  const absl::Status status = Cron::Parse(GetParam().text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(All, BadCron,
                         ::testing::ValuesIn(std::vector<BadCase>{
                             {"Empty", "", "has 0 fields instead of five"},
                             {"Macro", "@daily", "has 1 field instead of five"},
                             {"SixFields", "0 0 2 * * 1", "has 6 fields"},
                             {"MinuteTooLarge", "60 2 * * *", "the minute \"60\" is not one of 0 to 59"},
                             {"HourTooLarge", "0 24 * * *", "the hour \"24\" is not one of 0 to 23"},
                             {"DayZero", "0 2 0 * *", "the day of the month \"0\" is not one of 1 to 31"},
                             {"NoSuchMonth", "0 2 * foo *",
                              "the month \"foo\" is not one of 1 to 12, or jan, feb, …"},
                             {"NameAcrossTwo", "0 2 * * uns", "the day of the week \"uns\""},
                             {"LongName", "0 2 * * monday", "\"monday\""},
                             {"NameOfAnotherField", "0 2 * * jan",
                              "the day of the week \"jan\" is not one of 0 to 7, or sun, mon, …"},
                             {"EmptyItem", "0,,5 2 * * *", "the minute \"\""},
                             {"Negative", "-1 2 * * *", "the minute \"\""},
                             {"HalfARange", "0 2- * * *", "the hour \"\""},
                             {"Backwards", "0 2 * * fri-mon", "\"fri-mon\" ends before it begins"},
                             {"StepOfZero", "*/0 2 * * *", "\"*/0\" has no step"},
                             {"NoStep", "*/ 2 * * *", "\"*/\" has no step"},
                             {"StepOfOneValue", "5/15 2 * * *", "write 5-59/15"},
                             {"Question", "0 2 ? * *", "\"?\""},
                             {"Huge", "0 99999999999999999999 * * *", "the hour"},
                             {"NoSuchDay", "0 2 31 apr,jun *", "does not come up in every year"},
                             {"February30", "0 2 30 2 *", "does not come up in every year"},
                             {"LeapDayOnly", "0 2 29 2 *", "only in leap years"},
                         }),
                         [](const auto& param) { return param.param.name; });

TEST(Cron, OfALeapDayOrAWeekdayComesUpEachYear) {
  EXPECT_TRUE(Cron::Parse("0 2 29 2 mon").ok());
  EXPECT_TRUE(Cron::Parse("0 2 28,29 feb *").ok());
}

}  // namespace
}  // namespace spacelet::schedule

#include "pkg/schedule/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "test/pkg/schedule/windows.h"

namespace spacelet::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct SpanCase {
  std::string name;
  std::vector<Window> windows;
  std::string from, to;
  std::string spans;  // in UTC, one a line
};
std::ostream& operator<<(std::ostream& out, const SpanCase& c) { return out << c.name; }

class Spans : public ::testing::TestWithParam<SpanCase> {};
TEST_P(Spans, AreWhatTheTableSays) {
  std::string text;
  for (const Span& s : OpenSpans(GetParam().windows, Utc(GetParam().from), Utc(GetParam().to)))
    text += Text(s.begin) + " to " + Text(s.end) + "\n";
  EXPECT_EQ(text, GetParam().spans);
}

constexpr char kAngeles[] = "America/Los_Angeles", kKathmandu[] = "Asia/Kathmandu",
               kHowe[] = "Australia/Lord_Howe";

// Los Angeles: UTC-8, from 2026-03-08 02:00 on UTC-7, from 2026-11-01 02:00 on UTC-8 again.
INSTANTIATE_TEST_SUITE_P(All, Spans,
                         ::testing::ValuesIn(std::vector<SpanCase>{
                             {"WeekdaysInLosAngeles",
                              {At("0 2 * * 1-5", absl::Hours(2), kAngeles)},
                              "2026-01-02 00:00",
                              "2026-01-06 00:00",
                              "2026-01-02 10:00 to 2026-01-02 12:00\n"
                              "2026-01-05 10:00 to 2026-01-05 12:00\n"},
                             {"ATimeThatTheClockJumpsOverOpensAtTheJump",
                              {At("30 2 * * *", absl::Hours(1), kAngeles)},
                              "2026-03-07 00:00",
                              "2026-03-10 00:00",
                              "2026-03-07 10:30 to 2026-03-07 11:30\n"
                              "2026-03-08 10:00 to 2026-03-08 11:00\n"
                              "2026-03-09 09:30 to 2026-03-09 10:30\n"},
                             {"TimesThatTheClockJumpsOverOpenOnce",
                              {At("0,30 2 * * *", absl::Minutes(10), kAngeles)},
                              "2026-03-08 00:00",
                              "2026-03-09 00:00",
                              "2026-03-08 10:00 to 2026-03-08 10:10\n"},
                             {"AWindowOverTheJumpLastsAsLongAsAnyOther",
                              {At("0 1 * * *", absl::Hours(2), kAngeles)},
                              "2026-03-08 00:00",
                              "2026-03-09 00:00",
                              "2026-03-08 09:00 to 2026-03-08 11:00\n"},
                             {"OfATimeThatTheClockShowsTwiceTheFirstCounts",
                              {At("30 1 * * *", absl::Hours(1), kAngeles)},
                              "2026-11-01 00:00",
                              "2026-11-03 00:00",
                              "2026-11-01 08:30 to 2026-11-01 09:30\n"
                              "2026-11-02 09:30 to 2026-11-02 10:30\n"},
                             {"AnHourlyWindowDoesNotOpenInTheRepeatedHour",
                              {At("0 * * * *", absl::Minutes(10), kAngeles)},
                              "2026-11-01 08:00",
                              "2026-11-01 11:00",
                              "2026-11-01 08:00 to 2026-11-01 08:10\n"
                              "2026-11-01 10:00 to 2026-11-01 10:10\n"},
                             {"AJumpOfHalfAnHour",
                              {At("10 2 * * sun", absl::Hours(1), kHowe)},
                              "2026-10-03 00:00",
                              "2026-10-05 00:00",
                              "2026-10-03 15:30 to 2026-10-03 16:30\n"},
                             {"AnOffsetOfQuartersOfAnHour",
                              {At("0 2 * * mon", absl::Hours(1), kKathmandu)},
                              "2026-03-01 00:00",
                              "2026-03-03 00:00",
                              "2026-03-01 20:15 to 2026-03-01 21:15\n"},
                             {"TheLastDayOfSomeMonths",
                              {At("0 0 31 * *", absl::Hours(1))},
                              "2026-01-01 00:00",
                              "2026-06-01 00:00",
                              "2026-01-31 00:00 to 2026-01-31 01:00\n"
                              "2026-03-31 00:00 to 2026-03-31 01:00\n"
                              "2026-05-31 00:00 to 2026-05-31 01:00\n"},
                             {"ALeapDay",
                              {At("0 23 28,29 2 *", absl::Hours(2))},
                              "2028-01-01 00:00",
                              "2029-12-31 00:00",
                              "2028-02-28 23:00 to 2028-02-29 01:00\n"
                              "2028-02-29 23:00 to 2028-03-01 01:00\n"
                              "2029-02-28 23:00 to 2029-03-01 01:00\n"},
                             {"OverlappingAndTouchingWindowsAreOne",
                              {At("0 2 * * *", absl::Hours(2)), At("0 3 * * *", absl::Hours(2)),
                               At("0 5 * * *", absl::Hours(1)), At("30 2 * * *", absl::Minutes(1))},
                              "2026-01-01 00:00",
                              "2026-01-02 00:00",
                              "2026-01-01 02:00 to 2026-01-01 06:00\n"},
                             {"AWindowThatOpensAgainWhileItIsOpenStaysOpen",
                              {At("* * * * *", absl::Minutes(1))},
                              "2026-01-01 00:00",
                              "2026-01-01 03:00",
                              "2026-01-01 00:00 to 2026-01-01 03:00\n"},
                             {"AWeekendOverMidnight",
                              {At("0 22 * * fri", absl::Hours(54))},
                              "2026-01-01 00:00",
                              "2026-01-08 00:00",
                              "2026-01-02 22:00 to 2026-01-05 04:00\n"},
                             {"OfTwoPlaces",
                              {At("0 2 * * *", absl::Hours(1), "Europe/Berlin"),
                               At("0 2 * * *", absl::Hours(1), kAngeles)},
                              "2026-07-01 00:00",
                              "2026-07-02 00:00",
                              "2026-07-01 00:00 to 2026-07-01 01:00\n"
                              "2026-07-01 09:00 to 2026-07-01 10:00\n"},
                         }),
                         [](const auto& param) { return param.param.name; });

TEST(TimeZones, AreKnownByTheirNames) {
  for (const char* good : {"UTC", "America/Los_Angeles", "America/Argentina/Buenos_Aires", "Etc/GMT+5"})
    EXPECT_TRUE(ParseZone(good).ok()) << good;
}

TEST(TimeZones, ThatAreNoneAreRefused) {
  for (const char* bad : {"", "localtime", "right/UTC", "/etc/localtime", "../../../etc/localtime",
                          "Europe//Berlin", "Europe/", "file:UTC", "Fixed/UTC+01:00:00", "libc:localtime"})
    EXPECT_THAT(std::string(ParseZone(bad).status().message()), HasSubstr("is not the name of a time zone"))
        << bad;
  EXPECT_THAT(std::string(ParseZone("America/Los_Angles").status().message()),
              HasSubstr("America/Los_Angles is not known here"));
}

}  // namespace
}  // namespace spacelet::schedule

#include "pkg/schedule/turn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "test/pkg/schedule/windows.h"

namespace spacelet::schedule {
namespace {

constexpr uint64_t kFirst = 0, kMiddle = uint64_t{1} << 63, kLast = ~uint64_t{0};

// Daily from 02:00 to 04:00.
Policy Nightly(absl::Duration splay = absl::ZeroDuration()) {
  return {splay, {At("0 2 * * *", absl::Hours(2))}};
}

struct TurnCase {
  std::string name;
  Policy policy;
  uint64_t share;
  std::string told, now, at;
  bool by_window = false;
};
std::ostream& operator<<(std::ostream& out, const TurnCase& c) { return out << c.name; }

class Turns : public ::testing::TestWithParam<TurnCase> {};
TEST_P(Turns, AreWhatTheTableSays) {
  const TurnCase& c = GetParam();
  const Turn turn = NextTurn(c.policy, c.share, Utc(c.told), Utc(c.now));
  EXPECT_EQ(Text(turn.at), c.at);
  EXPECT_EQ(turn.by_window, c.by_window);
  EXPECT_EQ(turn.zone.has_value(), !c.policy.windows.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, Turns,
    ::testing::ValuesIn(std::vector<TurnCase>{
        {"WithoutAPolicyItIsNow", {}, kLast, "2026-01-01 12:00", "2026-01-01 12:00", "2026-01-01 12:00"},
        {"TheShareOfTheSplayIsWaited",
         {absl::Hours(1), {}},
         kMiddle,
         "2026-01-01 12:00",
         "2026-01-01 12:10",
         "2026-01-01 12:30"},
        {"TheFirstShareIsNothing",
         {absl::Hours(1), {}},
         kFirst,
         "2026-01-01 12:00",
         "2026-01-01 12:00",
         "2026-01-01 12:00"},
        {"TheLastShareIsNotAllOfIt",
         {absl::Hours(1), {}},
         kLast,
         "2026-01-01 12:00",
         "2026-01-01 12:00",
         "2026-01-01 12:59"},
        {"ATurnThatHasCome",
         {absl::Hours(1), {}},
         kMiddle,
         "2026-01-01 12:00",
         "2026-01-01 18:00",
         "2026-01-01 18:00"},
        {"AClockThatWasAheadCostsOneSplay",
         {absl::Hours(1), {}},
         kMiddle,
         "2036-01-01 12:00",
         "2026-01-01 12:00",
         "2026-01-01 12:30"},
        {"AClosedWindowIsWaitedFor", Nightly(), kLast, "2026-01-01 12:00", "2026-01-01 12:00",
         "2026-01-02 02:00", true},
        {"AnOpenWindowIsNotWaitedFor", Nightly(), kLast, "2026-01-01 12:00", "2026-01-02 03:59",
         "2026-01-02 03:59"},
        {"TheEndOfAWindowIsOutsideOfIt", Nightly(), kLast, "2026-01-01 12:00", "2026-01-02 04:00",
         "2026-01-03 02:00", true},
        {"TheSplayCountsFromTheOpening", Nightly(absl::Hours(1)), kMiddle, "2026-01-01 12:00",
         "2026-01-01 12:00", "2026-01-02 02:30", true},
        {"TheSplayCountsInsideTheWindow", Nightly(absl::Hours(1)), kMiddle, "2026-01-01 12:00",
         "2026-01-02 02:10", "2026-01-02 02:30"},
        {"TheSplayIsNoLongerThanTheWindow", Nightly(absl::Hours(20)), kMiddle, "2026-01-01 12:00",
         "2026-01-01 12:00", "2026-01-02 03:00", true},
        {"EvenTheLastHasATurnInTheWindow", Nightly(absl::Hours(20)), kLast, "2026-01-01 12:00",
         "2026-01-01 12:00", "2026-01-02 03:59", true},
        {"ToldInTheWindowTheSplayCountsFromThen", Nightly(absl::Hours(1)), kMiddle, "2026-01-02 02:20",
         "2026-01-02 02:20", "2026-01-02 02:50"},
        {"TooLateForThisWindowItIsTheNext", Nightly(absl::Hours(1)), kMiddle, "2026-01-02 03:40",
         "2026-01-02 03:40", "2026-01-03 02:30", true},
        {"AnEarlyShareStillFits", Nightly(absl::Hours(1)), kFirst, "2026-01-02 03:40", "2026-01-02 03:40",
         "2026-01-02 03:40"},
        {"AMissedTurnIsSpreadInTheNextWindow", Nightly(absl::Hours(1)), kMiddle, "2026-01-01 12:00",
         "2026-01-02 05:00", "2026-01-03 02:30", true},
        {"OfOverlappingWindowsItCountsFromTheFirst",
         {absl::Hours(3), {At("0 2 * * *", absl::Hours(2)), At("0 3 * * *", absl::Hours(2))}},
         kMiddle,
         "2026-01-01 12:00",
         "2026-01-01 12:00",
         "2026-01-02 03:30",
         true},
        {"WindowsWithoutAGapAreNone",
         {absl::Hours(24), {At("0 * * * *", absl::Hours(1))}},
         kMiddle,
         "2026-01-01 12:00",
         "2026-01-01 18:00",
         "2026-01-02 00:00"},
        {"AWindowThatOpensOnceAYear",
         {absl::ZeroDuration(), {At("0 2 28 2 *", absl::Hours(1))}},
         kLast,
         "2027-02-28 03:00",
         "2027-02-28 03:00",
         "2028-02-28 02:00",
         true},
        {"AWindowOfAllMinutesOfAFarMonth",
         {absl::ZeroDuration(), {At("* * * 1 *", absl::Minutes(1))}},
         kLast,
         "2026-02-02 03:00",
         "2026-02-02 03:00",
         "2027-01-01 00:00",
         true},
    }),
    [](const auto& param) { return param.param.name; });

TEST(Turns, AreToldInTheClockOfTheWindowThatIsOpenThen) {
  const Policy policy{absl::ZeroDuration(),
                      {At("0 2 * * *", absl::Hours(1), "America/Los_Angeles"),
                       At("0 2 * * *", absl::Hours(1), "Asia/Kathmandu")}};
  const Turn turn = NextTurn(policy, kFirst, Utc("2026-01-01 12:00"), Utc("2026-01-01 12:00"));
  EXPECT_EQ(Text(turn.at), "2026-01-01 20:15");
  EXPECT_EQ(turn.zone->name(), "Asia/Kathmandu");
}

TEST(Shares, AreTheHostsOwnAndStayTheSame) {
  EXPECT_EQ(ShareOf("host-1", "v1:abc"), ShareOf("host-1", "v1:abc"));
  EXPECT_NE(ShareOf("host-1", "v1:abc"), ShareOf("host-2", "v1:abc"));
  EXPECT_NE(ShareOf("host-1", "v1:abc"), ShareOf("host-1", "v1:abd"));
  EXPECT_NE(ShareOf("host", "-1"), ShareOf("host-", "1"));
  EXPECT_EQ(ShareOf("host-1", "v1:abc"), 17276865651745669544u);  // sha256sum of "6:host-1v1:abc"
}

TEST(Shares, AreEvenlySpread) {
  std::vector<int> tenths(10);
  for (int i = 0; i < 10'000; ++i)
    ++tenths[ShareOf(absl::StrCat("host-", i), "v1:abc") / (~uint64_t{0} / 10 + 1)];
  EXPECT_GT(*std::min_element(tenths.begin(), tenths.end()), 900);
  EXPECT_LT(*std::max_element(tenths.begin(), tenths.end()), 1100);
}

// ---- properties, over random policies and times

class Random {
 public:
  explicit Random(uint32_t seed) : random_(seed) {}
  int Int(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  uint64_t Share() { return random_(); }

  Window AWindow() {
    static constexpr const char* kDays[] = {"*", "1-5", "sat,sun", "3"};
    static constexpr const char* kZones[] = {"UTC", "America/Los_Angeles", "Asia/Kathmandu",
                                             "Australia/Lord_Howe"};
    return At(absl::StrCat(Int(0, 59), " ", Int(0, 23), Int(0, 1) ? ",12" : "", " * * ", kDays[Int(0, 3)]),
              absl::Minutes(Int(1, 12 * 60)), kZones[Int(0, 3)]);
  }
  Policy APolicy(int windows) {
    Policy policy{.splay = absl::Minutes(Int(0, 1) * Int(0, 24 * 60)), .windows = {}};
    for (int i = 0; i < windows; ++i) policy.windows.push_back(AWindow());
    return policy;
  }
  // In a year with two jumps of the clock in it, near to one of them every second time.
  absl::Time ATime() {
    static const absl::Time kNear[] = {Utc("2026-03-08 10:00"), Utc("2026-11-01 09:00"),
                                       Utc("2026-10-03 15:30")};
    return Int(0, 1) ? kNear[Int(0, 2)] + absl::Seconds(Int(-100'000, 100'000))
                     : Utc("2026-01-01 00:00") + absl::Seconds(Int(0, 365 * 86'400));
  }

 private:
  std::mt19937_64 random_;
};

bool IsOpen(const Policy& policy, absl::Time at) {
  for (const Span& span : OpenSpans(policy.windows, at - kLongestWindow, at + absl::Seconds(1)))
    if (span.begin <= at && at < span.end) return true;
  return policy.windows.empty();
}

class TurnProperty : public ::testing::TestWithParam<int> {
 protected:
  Random random_{static_cast<uint32_t>(GetParam())};
};

TEST_P(TurnProperty, ItComesInAnOpenWindowAndStaysWhereItIsUntilThen) {
  const Policy policy = random_.APolicy(random_.Int(0, 3));
  const uint64_t share = random_.Share();
  const absl::Time told = random_.ATime(), now = told + absl::Minutes(random_.Int(0, 3000));
  const Turn turn = NextTurn(policy, share, told, now);
  ASSERT_LT(turn.at, now + absl::Hours(24 * 15));
  EXPECT_GE(turn.at, now);
  EXPECT_TRUE(IsOpen(policy, turn.at)) << Text(turn.at);
  for (int i = 0; i <= 4; ++i) {
    const absl::Time later = now + (turn.at - now) * i / 4;
    EXPECT_EQ(NextTurn(policy, share, told, later).at, turn.at) << Text(later);
  }
  EXPECT_EQ(NextTurn(policy, share, told, turn.at).at, turn.at);
}

// The point of it: of a fleet that is told at once, never more begin in a part of the splay than belong
// there, whenever it was told and however the windows lie.
TEST_P(TurnProperty, AFleetIsNeverPressedTogether) {
  constexpr int kHosts = 1000, kParts = 10;
  Policy policy = random_.APolicy(random_.Int(0, 3));
  policy.splay = absl::Minutes(random_.Int(10, 120));
  for (Window& window : policy.windows) window.duration = std::max(window.duration, policy.splay);
  const absl::Time told = random_.ATime();
  std::vector<absl::Time> turns;
  for (int i = 0; i < kHosts; ++i)
    turns.push_back(NextTurn(policy, (~uint64_t{0} / kHosts) * static_cast<uint64_t>(i), told, told).at);
  std::sort(turns.begin(), turns.end());
  const absl::Duration part = policy.splay / kParts;
  for (size_t i = 0, j = 0; i < turns.size(); ++i) {
    while (turns[i] - turns[j] >= part) ++j;
    ASSERT_LE(i - j + 1, kHosts / kParts + 2) << Text(turns[i]);
  }
}

// ... and none waits for a second window that is whole.
TEST_P(TurnProperty, EveryHostHasItsTurnInTheFirstWindowThatOpens) {
  const Policy policy = random_.APolicy(random_.Int(1, 3));
  const absl::Time told = random_.ATime();
  const Turn first = NextTurn({absl::ZeroDuration(), policy.windows}, 0, told, told);
  const std::vector<Span> spans =
      OpenSpans(policy.windows, told - kLongestWindow, told + absl::Hours(24 * 30));
  const auto next = std::find_if(spans.begin(), spans.end(), [&](const Span& s) { return s.begin > told; });
  ASSERT_NE(next, spans.end());
  const Turn mine = NextTurn(policy, random_.Share(), told, told);
  EXPECT_GE(mine.at, first.at);
  EXPECT_LT(mine.at, next->end);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TurnProperty, ::testing::Range(0, 200));

}  // namespace
}  // namespace spacelet::schedule

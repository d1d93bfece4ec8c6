#include "pkg/report/conditions.h"

#include <gtest/gtest.h>

namespace spacelet::report {
namespace {

const absl::Time kThen = absl::FromUnixSeconds(100), kNow = absl::FromUnixSeconds(200);

TEST(Conditions, ANewConditionChangedNow) {
  std::vector<Condition> conditions;
  Set(conditions, {"Ready", Truth::kTrue, "Running", "", {}}, kNow);
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].last_transition, kNow);
}

TEST(Conditions, TheTransitionTimeMovesOnlyWithTheStatus) {
  std::vector<Condition> conditions;
  Set(conditions, {"Ready", Truth::kFalse, "Missing", "", {}}, kThen);
  Set(conditions, {"Ready", Truth::kFalse, "Starting", "not probed yet", {}}, kNow);
  EXPECT_EQ(conditions[0].last_transition, kThen);
  EXPECT_EQ(conditions[0].reason, "Starting");
  Set(conditions, {"Ready", Truth::kTrue, "Running", "", {}}, kNow);
  EXPECT_EQ(conditions[0].last_transition, kNow);
}

TEST(Conditions, OneThatIsAbsentIsNotTrue) {
  EXPECT_FALSE(IsTrue({}, "Ready"));
  EXPECT_EQ(Find({}, "Ready"), nullptr);
}

}  // namespace
}  // namespace spacelet::report

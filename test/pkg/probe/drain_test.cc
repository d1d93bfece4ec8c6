#include "pkg/probe/drain.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::probe {
namespace {

constexpr base::Instant kStart{absl::Hours(1)};

TEST(SumOfSamples, SumsTheSamplesOfOneMetricWhateverTheirLabels) {
  struct Case {
    const char* text;
    double sum;
  };
  const Case cases[] = {
      {"tasks 3", 3},
      {"# HELP tasks 9\n# TYPE tasks gauge\ntasks 3\n", 3},
      {"tasks{pool=\"a\",os=\"linux\"} 2\ntasks{pool=\"b\"} 1.5\n", 3.5},
      {"tasks {pool=\"a\"} 2\n", 2},
      {"tasks\t4 1767225600000\n", 4},
      {"tasks{pool=\"a } 7\\\" b\\\\\"} 1\r\n", 1},
      {"tasks{} 1e2\n", 100},
      {"tasks 0\n", 0},
      {"tasks_total 5\nother_tasks 6\ntasks 1\n", 1},
      {"  tasks  2  \n", 2},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<double> sum = SumOfSamples(c.text, "tasks");
    ASSERT_TRUE(sum.ok()) << c.text << sum.status();
    EXPECT_EQ(*sum, c.sum) << c.text;
  }
}

TEST(SumOfSamples, AMissingMetricIsNotZero) {
  for (const char* text : {"", "\n", "other 1\n", "# TYPE tasks gauge\n", "tasks", "tasks_total 5\n"})
    EXPECT_EQ(SumOfSamples(text, "tasks").status().code(), absl::StatusCode::kNotFound) << text;
}

TEST(SumOfSamples, ASampleThatIsNoNumberSpoilsTheSum) {
  for (const char* text :
       {"tasks x\n", "tasks NaN\n", "tasks +Inf\n", "tasks -Inf\n", "tasks 1e308\ntasks 1e308\n",
        "tasks{a=\"b\" 1\n", "tasks{a=\"} 1\n", "tasks \n1\ntasks{} "})
    EXPECT_EQ(SumOfSamples(text, "tasks").status().code(), absl::StatusCode::kDataLoss) << text;
}

class MeterTest : public ::testing::Test {
 protected:
  void Record(const absl::StatusOr<double>& sample) { meter_.Record(sample, meter_.due()); }
  const absl::Status none_ = absl::NotFoundError("no metric"), away_ = absl::UnavailableError("refused");
  Meter meter_{{3000, "/metrics", "tasks"}, kStart};
};

TEST_F(MeterTest, IsReadAtOnceAndThenEveryTwoSeconds) {
  EXPECT_EQ(meter_.due(), kStart);
  EXPECT_FALSE(meter_.work().has_value());
  Record(3.0);
  EXPECT_EQ(meter_.work(), (Work{true, 3}));
  EXPECT_EQ(meter_.due(), kStart + absl::Seconds(2));
}

TEST_F(MeterTest, AnAnswerWithoutTheMetricDecidesAtOnce) {
  Record(none_);
  EXPECT_EQ(meter_.work(), Work{});
}

TEST_F(MeterTest, NoAnswerDecidesAfterThreeAttempts) {
  Record(away_);
  EXPECT_FALSE(meter_.work().has_value());
  EXPECT_EQ(meter_.due(), kStart + Meter::kRetry);
  Record(away_);
  EXPECT_FALSE(meter_.work().has_value());
  Record(away_);
  EXPECT_EQ(meter_.work(), Work{});
  Record(1.0);
  EXPECT_EQ(meter_.work(), (Work{true, 1})) << "it has come up";
}

TEST_F(MeterTest, APauseDoesNotEndTheWaitForRunningTasks) {
  Record(5.0);
  for (const absl::Status& failure : {away_, none_}) {
    Record(failure);
    EXPECT_EQ(meter_.work(), (Work{true, 5}));
  }
  Record(4.0);
  EXPECT_EQ(meter_.work(), (Work{true, 4}));
  for (int i = 0; i < Meter::kAttempts; ++i) Record(away_);
  EXPECT_EQ(meter_.work(), Work{}) << "it is really gone";
}

}  // namespace
}  // namespace spacelet::probe

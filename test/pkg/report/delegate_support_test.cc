#include "pkg/report/delegate_support.h"

#include <gtest/gtest.h>

namespace spacelet::report {
namespace {

TEST(DelegateSupport, ReadsTheMonthOfTheTag) {
  struct Case {
    const char* image;
    const char* month;  // "" when there is none
  };
  const Case cases[] = {
      {"us-west1-docker.pkg.dev/gar-setup/docker/delegate:25.03.85504", "2025-03"},
      {"localhost:5000/delegate:24.12.84500", "2024-12"},
      {"harness/delegate:25.03.85504@sha256:abc", "2025-03"},
      {"harness/delegate:latest", ""},
      {"localhost:5000/delegate", ""},
      {"harness/delegate:25.13.1", ""},
      {"harness/delegate:1.0.0", ""},
      {"", ""},
  };
  for (const Case& c : cases) {
    const auto month = DelegateReleaseMonth(c.image);
    EXPECT_EQ(month ? absl::FormatTime("%Y-%m", *month, absl::UTCTimeZone()) : "", c.month) << c.image;
  }
}

TEST(DelegateSupport, EndsSixMonthsLaterAlsoOverTheYear) {
  const auto month = DelegateReleaseMonth("d:25.10.1");
  ASSERT_TRUE(month.has_value());
  EXPECT_EQ(absl::FormatTime("%Y-%m-%d", DelegateEndOfSupport(*month), absl::UTCTimeZone()), "2026-04-01");
}

}  // namespace
}  // namespace spacelet::report

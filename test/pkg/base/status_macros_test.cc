#include "pkg/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace spacelet::base {
namespace {

absl::StatusOr<std::unique_ptr<int>> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return std::make_unique<int>(n / 2);
}

absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> half, Half(n));
  ASSIGN_OR_RETURN(const std::unique_ptr<int> quarter, Half(*half));
  return *quarter;
}

absl::Status CheckQuarter(int n) {
  RETURN_IF_ERROR(Quarter(n).status());
  return absl::OkStatus();
}

TEST(StatusMacros, PassValuesOnAndReturnErrors) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(CheckQuarter(12), absl::OkStatus());
  EXPECT_EQ(CheckQuarter(6), absl::InvalidArgumentError("odd"));
}

}  // namespace
}  // namespace spacelet::base

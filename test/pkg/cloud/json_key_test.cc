#include "pkg/cloud/json_key.h"

#include <gtest/gtest.h>

namespace spacelet::cloud {
namespace {

TEST(PickJsonKey, GivesWhatStandsUnderTheKey) {
  EXPECT_EQ(*PickJsonKey(R"({"token":"a=b","other":"x"})", "token"), "a=b");
  EXPECT_EQ(*PickJsonKey(R"({"token":12})", "token"), "12");
}

TEST(PickJsonKey, SaysWhatIsMissingAndNothingOfTheSecret) {
  for (const char* secret : {"canary", R"(["canary"])", R"({"canary":"canary"})", R"({"token":{"canary":1}})",
                             R"({"token":null,"a":"canary"})", "{\"token\":\"canary"}) {
    const absl::StatusOr<std::string> picked = PickJsonKey(secret, "token");
    ASSERT_FALSE(picked.ok()) << secret;
    EXPECT_EQ(picked.status().message().find("canary"), absl::string_view::npos) << picked.status();
  }
}

}  // namespace
}  // namespace spacelet::cloud

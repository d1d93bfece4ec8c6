#include "pkg/controller/docker_trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/reasons.h"

namespace spacelet::controller {
namespace {

TEST(DockerTrouble, EachCauseHasItsRemedy) {
  struct Case {
    absl::Status ping;
    const char* reason;
    const char* remedy;
  };
  const Case cases[] = {
      {absl::UnavailableError("GET /_ping: No such file or directory"), api::reason::kUnreachable,
       "is Docker installed"},
      {absl::UnavailableError("GET /_ping: Connection refused"), api::reason::kUnreachable,
       "systemctl start docker"},
      {absl::PermissionDeniedError("GET /_ping: Permission denied"), api::reason::kUnreachable,
       "group docker"},
      {absl::DeadlineExceededError("GET /_ping"), api::reason::kUnreachable, "does not answer"},
      {absl::FailedPreconditionError("engine 99"), api::reason::kUnsupportedApiVersion,
       "API version in common"},
      {absl::InternalError("no JSON"), api::reason::kUnreachable, "systemctl status docker"},
  };
  for (const Case& c : cases) {
    const Trouble trouble = DockerTrouble(c.ping, "unix:///var/run/docker.sock");
    EXPECT_EQ(trouble.reason, c.reason);
    EXPECT_THAT(trouble.message, ::testing::HasSubstr(c.remedy));
    EXPECT_THAT(trouble.message, ::testing::StartsWith("unix:///var/run/docker.sock: "));
  }
}

}  // namespace
}  // namespace spacelet::controller

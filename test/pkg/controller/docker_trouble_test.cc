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

TEST(DockerGreeting, WarnsOfAnEngineThatIsNotDocker) {
  docker::EngineInfo engine;
  engine.engine_version = "28.5.2";
  engine.api_version = "1.51";
  EXPECT_EQ(DockerGreeting(engine).reason, api::reason::kConnected);
  EXPECT_EQ(DockerGreeting(engine).message, "engine 28.5.2, API 1.51");
  engine.engine_version = "5.4.2";
  engine.podman = true;
  EXPECT_EQ(DockerGreeting(engine).reason, api::reason::kUnsupportedEngine);
  EXPECT_THAT(DockerGreeting(engine).message, ::testing::HasSubstr("install docker.io"));
}

}  // namespace
}  // namespace spacelet::controller

#include "pkg/docker/engine_settings.h"

#include <gtest/gtest.h>

namespace spacelet::docker {
namespace {

TEST(EngineSettings, AreReadFromInfo) {
  const auto settings = DecodeSettings(
      R"({"NCPU":4,"DockerRootDir":"/data","Driver":"overlay2","CgroupVersion":"2","MemoryLimit":false,"LiveRestoreEnabled":true,)"
      R"("HttpsProxy":"http://p:3128","NoProxy":"a,b"})");
  EXPECT_EQ(*settings, (EngineSettings{4, "/data", "overlay2", "2", false, true, "http://p:3128", "a,b"}));
}

TEST(EngineSettings, ADaemonThatDoesNotSayCanLimitMemory) { EXPECT_TRUE(DecodeSettings("{}")->memory_limit); }

TEST(EngineSettings, WhatIsNoObjectIsAnError) {
  for (const char* text : {"", "[]", "{\"Driver\":"})
    EXPECT_TRUE(absl::IsInternal(DecodeSettings(text).status())) << text;
}

}  // namespace
}  // namespace spacelet::docker

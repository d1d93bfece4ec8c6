#include "pkg/docker/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Optional;
using testing::UnorderedElementsAre;

constexpr char kImage[] = R"({"Id": "sha256:1", "Config": {"Env": ["PATH=/bin", "LANG=C"], "Cmd": ["serve"],
  "Entrypoint": ["/app"], "User": "1001", "WorkingDir": "/srv", "Labels": {"vendor": "x"}}})";

// `config` and `host` are members of Config and HostConfig besides what the image gives.
Recipe Decoded(const std::string& config, const std::string& host = "") {
  const std::string container = absl::StrCat(
      R"({"Id": "0123456789abcdef", "Name": "/app", "Image": "sha256:1", "State": {"Status": "running"}, "Config": {)",
      config, config.empty() ? "" : ", ", R"("Image": "app:1", "Hostname": "0123456789ab"}, "HostConfig": {)",
      host,
      R"(}, "NetworkSettings": {"Networks": {"harness": {"Aliases": ["0123456789ab", "app", "web"]}}}})");
  const absl::StatusOr<Recipe> recipe = DecodeRecipe(container, kImage);
  EXPECT_TRUE(recipe.ok()) << recipe.status() << container;
  return recipe.value_or(Recipe());
}

TEST(Recipe, LeavesOutWhatTheImageBringsAlong) {
  const ContainerConfig config =
      Decoded(R"("Env": ["PATH=/bin", "LANG=de", "MORE=a=b"], "Cmd": ["serve"], "Entrypoint": ["/app"],
                 "User": "1001", "WorkingDir": "/srv", "Labels": {"vendor": "x", "team": "y"})")
          .request.config;
  EXPECT_THAT(config.env, UnorderedElementsAre(Key("LANG"), Key("MORE")));
  EXPECT_EQ(config.env.at("MORE").value, "a=b");
  EXPECT_THAT(config.labels, UnorderedElementsAre(Key("team")));
  EXPECT_EQ(config.cmd, std::nullopt);
  EXPECT_EQ(config.entrypoint, std::nullopt);
  EXPECT_EQ(config.user, "");
  EXPECT_EQ(config.working_dir, "");
}

TEST(Recipe, AnOwnEntrypointMakesTheImagesArgumentsOnesOwn) {
  const ContainerConfig config = Decoded(R"("Entrypoint": ["/bin/sh"], "Cmd": ["serve"])").request.config;
  EXPECT_THAT(config.entrypoint, Optional(ElementsAre("/bin/sh")));
  EXPECT_THAT(config.cmd, Optional(ElementsAre("serve")));
}

TEST(Recipe, NamesThatDockerGivesAreNoSettings) {
  const Recipe recipe = Decoded("", R"("NetworkMode": "harness")");
  EXPECT_EQ(recipe.request.name, "app");
  EXPECT_EQ(recipe.request.config.hostname, "");
  EXPECT_THAT(recipe.request.config.aliases, ElementsAre("web"));
  EXPECT_THAT(recipe.networks, ElementsAre("harness"));
  EXPECT_TRUE(recipe.running);
}

TEST(Recipe, DefaultsOfDockerAreNoSettings) {
  EXPECT_THAT(Decoded("", R"("ShmSize": 67108864, "Runtime": "runc", "IpcMode": "private", "OomScoreAdj": 0,
                             "MemorySwappiness": null, "ConsoleSize": [0, 0], "DnsSearch": [], "Links": null,
                             "MaskedPaths": ["/proc/acpi"], "CgroupnsMode": "private", "PublishAllPorts": false)")
                  .others,
              IsEmpty());
}

TEST(Recipe, WhatNoRequestCanHoldIsNamed) {
  EXPECT_THAT(
      Decoded(R"("Tty": true, "Healthcheck": {"Test": ["CMD", "x"]})",
              R"("CgroupParent": "/x", "Binds": ["data:/data", "/a:/b:z"], "AutoRemove": true,
                         "SecurityOpt": ["seccomp=unconfined"], "MemorySwappiness": 0, "PidMode": "container:y",
                         "Mounts": [{"Type": "volume", "Source": "v", "Target": "/v"}])")
          .others,
      ElementsAre(R"(Config.Healthcheck: {"Test":["CMD","x"]})", "Config.Tty: true",
                  "HostConfig.AutoRemove: true", "HostConfig.Binds: /a:/b:z", "HostConfig.Binds: data:/data",
                  "HostConfig.CgroupParent: /x", "HostConfig.MemorySwappiness: 0",
                  R"(HostConfig.Mounts: {"Source":"v","Target":"/v","Type":"volume"})",
                  "HostConfig.PidMode: container:y", "HostConfig.SecurityOpt: seccomp=unconfined"));
}

TEST(Recipe, WhatLooksLikeASecretIsNotShown) {
  EXPECT_THAT(Decoded(R"("Healthcheck": {"Test": ["CMD", "curl", "-H", "x-token: s3cret"]})").others,
              ElementsAre("Config.Healthcheck: ***"));
}

TEST(Recipe, BindsAndMountsAreMounts) {
  const ContainerConfig config = Decoded("", R"("Binds": ["/a:/b", "/c:/d:ro", "/e:/f:rw"],
                     "Mounts": [{"Type": "bind", "Source": "/g", "Target": "/h", "ReadOnly": true}])")
                                     .request.config;
  EXPECT_THAT(config.mounts, ElementsAre(Mount{"/a", "/b", false}, Mount{"/c", "/d", true},
                                         Mount{"/e", "/f", false}, Mount{"/g", "/h", true}));
}

TEST(Recipe, AnAnswerThatIsNoneIsAnError) {
  EXPECT_EQ(DecodeRecipe("[]", kImage).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(DecodeRecipe("{}", kImage).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(DecodeRecipe(R"({"Id": "1"})", "").status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(DecodeRecipe(R"({"Id": "1"})", "{}").ok());
}

}  // namespace
}  // namespace spacelet::docker

#include "pkg/docker/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace spacelet::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kInspect[] =
    R"({"Id":"abc","Name":"/vm-runner","Created":"2026-01-02T03:04:05.5Z","Image":"sha256:1","RestartCount":2,
 "Config":{"Image":"busybox:1","Hostname":"vm-runner","Labels":{"a":"b"},"Env":["K=V=W","E=","BARE"],"Cmd":["sh","-c"],"StopTimeout":300},
 "State":{"Status":"running","ExitCode":137,"OOMKilled":true,"Error":"boom","StartedAt":"2026-01-02T03:04:06Z","FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":"starting"}},
 "HostConfig":{"NanoCpus":5,"Memory":6,"MemorySwap":-1,"PidsLimit":7,"CpuShares":8,"NetworkMode":"harness","RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},
  "Mounts":[{"Type":"bind","Source":"/s","Target":"/t","ReadOnly":true},{"Type":"volume","Source":"v","Target":"/v"}],
  "PortBindings":{"3000/tcp":[{"HostIp":"127.0.0.1","HostPort":"3000"}],"53/udp":null,"x/tcp":[{}]}},
 "NetworkSettings":{"Networks":{"harness":{"NetworkID":"n1","IPAddress":"10.0.0.2","Aliases":["vm-runner"]},"other":null}}})";

TEST(DecodeContainer, ReadsWhatDecisionsNeed) {
  const Container c = *DecodeContainer(kInspect);
  EXPECT_EQ(c.id, "abc");
  EXPECT_EQ(c.name, "vm-runner");
  EXPECT_EQ(c.image, "busybox:1");
  EXPECT_EQ(c.image_id, "sha256:1");
  EXPECT_EQ(c.env.at("K"), "V=W");
  EXPECT_EQ(c.env.at("BARE"), "");
  EXPECT_EQ(c.status, ContainerStatus::kRunning);
  EXPECT_EQ(c.exit_code, 137);
  EXPECT_TRUE(c.oom_killed);
  EXPECT_EQ(c.error, "boom");
  EXPECT_EQ(c.health, "starting");
  EXPECT_EQ(c.restart_count, 2);
  EXPECT_TRUE(c.started_ever);
  EXPECT_EQ(c.finished_at, absl::InfinitePast());
  EXPECT_EQ(c.restart_policy, (RestartPolicy{"on-failure", 3}));
  EXPECT_EQ(c.resources, (LiveResources{5, 6, -1, 7, 8}));
  EXPECT_EQ(c.networks.at("harness"), (Attachment{"n1", "10.0.0.2", {"vm-runner"}}));
  EXPECT_EQ(c.networks.at("other"), Attachment{});
  EXPECT_THAT(c.ports, ElementsAre(PortBinding{"127.0.0.1", 3000, 3000, "tcp"}));
  EXPECT_THAT(c.cmd, ElementsAre("sh", "-c"));
  EXPECT_THAT(c.mounts, ElementsAre(Mount{"/s", "/t", true}));
  EXPECT_EQ(c.stop_timeout, absl::Seconds(300));
}

TEST(DecodeContainer, DefaultsOfOldDaemonsAreNormalised) {
  const Container c = *DecodeContainer(
      R"({"Id":"a","State":{"Status":"created","StartedAt":"0001-01-01T00:00:00Z","Health":{"Status":"none"}},
          "HostConfig":{"Memory":0,"NanoCpus":0,"MemorySwap":0,"PidsLimit":-1,"RestartPolicy":{"Name":""}}})");
  EXPECT_EQ(c.resources, LiveResources{});
  EXPECT_EQ(c.restart_policy, RestartPolicy{});
  EXPECT_FALSE(c.started_ever);
  EXPECT_EQ(c.health, "");
  EXPECT_EQ(c.stop_timeout, std::nullopt);
  EXPECT_EQ(DecodeContainer(R"({"Id":"a","HostConfig":{"PidsLimit":null}})")->resources.pids_limit,
            std::nullopt);
}

TEST(DecodeContainer, StatusIsReadByWord) {
  const std::vector<std::pair<std::string, ContainerStatus>> rows = {
      {"created", ContainerStatus::kCreated},   {"running", ContainerStatus::kRunning},
      {"paused", ContainerStatus::kPaused},     {"restarting", ContainerStatus::kRestarting},
      {"removing", ContainerStatus::kRemoving}, {"exited", ContainerStatus::kExited},
      {"dead", ContainerStatus::kDead},         {"stopping", ContainerStatus::kRunning},
      {"", ContainerStatus::kUnknown},          {"hibernating", ContainerStatus::kUnknown}};
  for (const auto& [word, want] : rows) {
    EXPECT_EQ(DecodeContainer(absl::StrCat(R"({"Id":"a","State":{"Status":")", word, R"("}})"))->status, want)
        << word;
  }
}

TEST(DecodeContainer, EveryFieldMayBeNullOrOfAnotherType) {
  for (const std::string key :
       {"Config", "State", "HostConfig", "NetworkSettings", "Name", "Image", "Created", "RestartCount",
        "Labels", "Env", "Networks", "harness", "PortBindings", "RestartPolicy", "Mounts", "Health",
        "StopTimeout", "Status", "3000/tcp"}) {
    for (const std::string other :
         {"null", "7", "\"text\"", "[]", "{}", "[null,3,{}]", "true", "1e300", "18446744073709551615"}) {
      const std::string quoted = absl::StrCat("\"", key, "\":");
      const std::string body =
          absl::StrReplaceAll(kInspect, {{quoted, absl::StrCat(quoted, other, ",\"was\":")}});
      EXPECT_TRUE(DecodeContainer(body).ok()) << key << " " << other;
    }
  }
}

TEST(Decode, WhatIsNoAnswerIsInternal) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const std::string deep_object = "{\"Id\":\"a\",\"x\":" + deep + "}";
  for (const std::string& body : {std::string(), std::string("<html>"), std::string("null"),
                                  std::string("{\"Id\":\"a\""), std::string("{}"), std::string("{\"Id\":7}"),
                                  std::string("[]"), deep, deep_object, std::string("{\"Id\":\"a\"}x")}) {
    EXPECT_EQ(DecodeContainer(body).status().code(), absl::StatusCode::kInternal) << body.substr(0, 50);
  }
}

TEST(DecodeContainerList, ATornOrStrangeListIsNoEmptyList) {
  EXPECT_THAT(*DecodeContainerList("[]"), IsEmpty());
  for (const std::string body :
       {"", "null", "{}", "[", "[{}]", "[null]", R"([{"Id":"a"},{"Id":""}])", R"({"message":"x"})"}) {
    EXPECT_EQ(DecodeContainerList(body).status().code(), absl::StatusCode::kInternal) << body;
  }
}

TEST(DecodeContainerList, EveryPrefixOfAListIsAnError) {
  const std::string body = R"([{"Id":"a","Names":["/x"]},{"Id":"b"}])";
  for (size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(DecodeContainerList(body.substr(0, n)).ok()) << n;
}

TEST(DecodeContainerList, ReadsARow) {
  const auto list = *DecodeContainerList(
      R"([{"Id":"a","Names":["/other/link","/app"],"Image":"i","ImageID":"sha256:1","State":"running","Labels":null,
           "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":81,"Type":"tcp"}],
           "NetworkSettings":{"Networks":{"harness":{}}}}])");
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].name, "app");
  EXPECT_THAT(list[0].ports, ElementsAre(PortBinding{"0.0.0.0", 8080, 80, "tcp"}));
  EXPECT_THAT(list[0].networks, ElementsAre("harness"));
}

TEST(DecodeNetwork, PrefersTheFirstIpv4Pool) {
  const Network n = *DecodeNetwork(
      R"({"Id":"n","Name":"harness","Driver":"bridge","EnableIPv6":true,"Internal":false,"Options":null,"Labels":{"a":"b"},
          "IPAM":{"Config":[{"Subnet":"fd00::/64"},{"Subnet":"10.0.0.0/24","Gateway":"10.0.0.1"},{"Subnet":"10.1.0.0/24"}]},
          "Containers":{"c1":{"Name":"vm-runner"},"c2":null}})");
  EXPECT_EQ(n.config.subnet, "10.0.0.0/24");
  EXPECT_EQ(n.config.gateway, "10.0.0.1");
  EXPECT_THAT(n.members, ElementsAre(NetworkMember{"c1", "vm-runner"}, NetworkMember{"c2", ""}));
  EXPECT_EQ(DecodeNetwork(R"({"Id":"n"})").status().code(), absl::StatusCode::kInternal);
}

TEST(DecodeEvent, SurvivesUnknownAndMissingFields) {
  const Event event = *DecodeEvent(
      R"({"status":"die","Type":"container","Action":"die","Actor":{"ID":"a","Attributes":{"name":"x","exitCode":"1"}},"timeNano":1795359800128242249,"new":[]})");
  EXPECT_EQ(event.actor_id, "a");
  EXPECT_EQ(event.attributes.at("exitCode"), "1");
  EXPECT_EQ(event.time_nano, 1795359800128242249);
  EXPECT_EQ(*DecodeEvent("{}"), Event{});
  EXPECT_EQ(DecodeEvent(R"({"Type":3,"Actor":[],"timeNano":"x"})")->time_nano, 0);
}

TEST(DecodeMessage, TakesTheDaemonsTextOnOneLine) {
  EXPECT_EQ(DecodeMessage(R"({"message":"no such image"})"), "no such image");
  EXPECT_EQ(DecodeMessage("404 page not found\nmore"), "404 page not found");
  EXPECT_EQ(DecodeMessage(""), "");
  EXPECT_EQ(DecodeMessage(R"({"message":null})"), R"({"message":null})");
  EXPECT_EQ(DecodeMessage("{\"message\":\"a\\u001b[2Jb\"}").find('\x1b'), std::string::npos);
}

// Engine 28 with the containerd image store, one image pushed to two repositories.
TEST(DecodeImageList, ADigestThatIsTheIdIsOneOfEachRepositoryWithATag) {
  const std::string a(64, 'a'), b(64, 'b');
  const std::string list = absl::StrCat(
      R"([{"Id":"sha256:)", a, R"(","RepoTags":["box:1","host:5000/box:1"],"RepoDigests":["box@sha256:)", a,
      R"("]},{"Id":"sha256:)", b, R"(","RepoTags":["other:1"],"RepoDigests":["host:5000/other@sha256:)", a,
      R"("]}])");
  const auto images = DecodeImageList(list);
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_THAT(images->at(0).repo_digests, ElementsAre("box@sha256:" + a, "host:5000/box@sha256:" + a));
  EXPECT_THAT(images->at(1).repo_digests, ElementsAre("host:5000/other@sha256:" + a));  // a graph driver's
}

}  // namespace
}  // namespace spacelet::docker

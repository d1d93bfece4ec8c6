#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

using ::testing::ElementsAre;

api::Document Loaded(absl::string_view spec) {
  const auto loaded = Load(WithSpec(spec), "f", Today());
  EXPECT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  return loaded.document.value_or(api::Document());
}

TEST(ApplyDefaults, TheRunnersProfile) {
  const api::Runner runner = *Loaded("  runner: {image: a:1}\n").runner;
  const api::Workload& w = runner.workload;
  EXPECT_EQ(runner.directory, "/runner");
  EXPECT_EQ(w.container_name, "vm-runner");
  EXPECT_EQ(w.hostname, "vm-runner");
  EXPECT_EQ(w.platform, "linux/amd64");
  EXPECT_THAT(*w.ports, ElementsAre(api::Port{"127.0.0.1", 3000, 3000, "tcp"}));
  EXPECT_EQ(w.stop_grace_period, absl::Seconds(300));
  EXPECT_EQ(w.rollout.drain_timeout, absl::Minutes(30));
  EXPECT_TRUE(w.readiness_probe->not_found_is_ready);
  EXPECT_FALSE(w.liveness_probe.has_value());
  EXPECT_EQ(w.logging->max_size, "50m");
  EXPECT_EQ(w.logging->max_files, 3);
  EXPECT_EQ(w.image_pull_policy, api::PullPolicy::kIfNotPresent);
}

TEST(ApplyDefaults, TheDelegatesProfile) {
  const api::Document document = Loaded(
      "  runner: {image: a}\n  delegate: {image: b:latest, name: dd, accountId: x, token: {env: T}, "
      "managerUrl: https://h/}\n");
  const api::Workload& w = document.delegate->workload;
  EXPECT_EQ(w.container_name, "dd");
  EXPECT_EQ(w.hostname, "dd");
  EXPECT_EQ(document.delegate->manager_url, "https://h");
  EXPECT_EQ(w.stop_grace_period, absl::Seconds(600));
  EXPECT_EQ(w.readiness_probe->timeout_seconds, 5);
  EXPECT_THAT(*w.depends_on, ElementsAre("runner"));
  EXPECT_EQ(w.image_pull_policy, api::PullPolicy::kAlways);
  EXPECT_EQ(document.runner->workload.image_pull_policy, api::PullPolicy::kAlways);
}

TEST(ApplyDefaults, WhatIsWrittenStays) {
  const api::Workload w =
      Loaded(
          "  runner:\n    image: a:1\n    hostname: other\n    ports: []\n    rollout: {drainTimeout: 10m}\n"
          "    logging: {driver: journald}\n    dependsOn: []\n")
          .runner->workload;
  EXPECT_EQ(w.hostname, "other");
  EXPECT_TRUE(w.ports->empty());
  EXPECT_EQ(w.rollout.drain_timeout, absl::Minutes(10));
  EXPECT_FALSE(w.logging->max_size.has_value());
}

TEST(ApplyDefaults, ADelegatesOwnProbeMayTakeFiveSecondsToo) {
  const auto delegate = [](absl::string_view probe) {
    return Loaded(absl::StrCat("  delegate: {image: b:1, accountId: x, token: {env: T}, readinessProbe: ",
                               probe, "}\n"))
        .delegate->workload.readiness_probe->timeout_seconds;
  };
  EXPECT_EQ(delegate("{tcpSocket: {port: 1}}"), 5);
  EXPECT_EQ(delegate("{tcpSocket: {port: 1}, timeoutSeconds: 1}"), 1);
}

TEST(ApplyDefaults, IsIdempotent) {
  for (const char* example : {"minimal", "full", "gcp", "aws", "generic-containers"}) {
    auto document = *Load(ReadText(absl::StrCat("examples/", example, ".yaml")), "f", Today()).document;
    const api::Document once = document;
    ApplyDefaults(document);
    EXPECT_EQ(document, once) << example;
  }
}

}  // namespace
}  // namespace spacelet::config

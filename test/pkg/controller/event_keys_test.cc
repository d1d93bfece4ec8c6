#include "pkg/controller/event_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/labels.h"

namespace spacelet::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventKeysTest : public ::testing::Test {
 protected:
  EventKeysTest() {
    host_.network.emplace();
    host_.network->config.name = "harness";
    for (const char* name : {"vm-runner", "docker-delegate"}) {
      desired::Container container;
      container.name = name;
      container.component = container.name == "vm-runner" ? "runner" : "delegate";
      container.network = "harness";
      host_.containers.push_back(container);
    }
  }
  static docker::Event Container(const char* action, std::map<std::string, std::string> attributes) {
    return {"container", action, "1", std::move(attributes), 0};
  }
  static std::map<std::string, std::string> Ours(const std::string& name, const std::string& component) {
    return {{"name", name}, {api::kLabelManaged, "true"}, {api::kLabelComponent, component}};
  }
  // The runner is known by its id.
  std::vector<std::string> KeysFor(const docker::Event& event) const {
    return controller::KeysFor(
        event, host_, [](const std::string& id) { return id == "ab12" ? "container/vm-runner" : ""; });
  }
  static docker::Event Network(const char* action, const std::string& container) {
    return {"network", action, "1", {{"name", "harness"}, {"container", container}}, 0};
  }
  desired::Host host_;
};

TEST_F(EventKeysTest, AContainerIsKnownByItsNameWithoutSuffix) {
  for (const char* name : {"vm-runner", "vm-runner.next", "vm-runner.previous"})
    EXPECT_THAT(KeysFor(Container("die", {{"name", name}})), ElementsAre("container/vm-runner")) << name;
}

TEST_F(EventKeysTest, ARenameConcernsTheFormerNameToo) {
  EXPECT_THAT(KeysFor(Container("rename", {{"name", "mine"}, {"oldName", "/vm-runner"}})),
              ElementsAre("container/vm-runner"));
}

TEST_F(EventKeysTest, AnOwnedContainerIsKnownByItsLabelsWhateverItsName) {
  EXPECT_THAT(KeysFor(Container("die", Ours("mine", "runner"))), ElementsAre("container/vm-runner"));
  EXPECT_THAT(KeysFor(Container("die", Ours("dropped", "web"))), ElementsAre("container/dropped"));
}

// Its removal is an object of its own.
TEST_F(EventKeysTest, WhatIsPutAsideAsDeadConcernsTwo) {
  std::map<std::string, std::string> attributes = Ours("vm-runner.dead-0123456789ab", "runner");
  attributes["oldName"] = "/vm-runner";
  EXPECT_THAT(KeysFor(Container("rename", attributes)),
              ElementsAre("container/vm-runner.dead-0123456789ab", "container/vm-runner"));
}

TEST_F(EventKeysTest, ForeignContainersAndNoiseConcernNobody) {
  EXPECT_THAT(KeysFor(Container("die", {{"name", "vm-runner.dead-0123456789ab"}})), IsEmpty());
  EXPECT_THAT(KeysFor(Container("die", {{"name", "postgres"}})), IsEmpty());
  EXPECT_THAT(KeysFor(Container("exec_start: true", {{"name", "vm-runner"}})), IsEmpty());
  EXPECT_THAT(KeysFor(Container("top", {{"name", "vm-runner"}})), IsEmpty());
  EXPECT_THAT(KeysFor({"image", "pull", "x", {{"name", "vm-runner"}}, 0}), IsEmpty());
  EXPECT_THAT(KeysFor({}), IsEmpty());
}

TEST_F(EventKeysTest, ANetworkEventConcernsTheNetworkAndWhoIsOnIt) {
  EXPECT_THAT(KeysFor({"network", "destroy", "1", {{"name", "harness"}}, 0}),
              ElementsAre("network/harness", "container/vm-runner", "container/docker-delegate"));
  EXPECT_THAT(KeysFor({"network", "destroy", "1", {{"name", "harness2"}}, 0}), IsEmpty());
}

TEST_F(EventKeysTest, WhoJoinsOrLeavesANetworkConcernsNobodyElseOnIt) {
  for (const char* action : {"connect", "disconnect"})
    EXPECT_THAT(KeysFor(Network(action, "ab12")), ElementsAre("network/harness", "container/vm-runner"))
        << action;
}

TEST_F(EventKeysTest, WhoLeavesAndIsNotKnownMayBeAnyOfThem) {
  EXPECT_THAT(KeysFor(Network("connect", "cd34")), ElementsAre("network/harness"));
  EXPECT_THAT(KeysFor(Network("disconnect", "cd34")),
              ElementsAre("network/harness", "container/vm-runner", "container/docker-delegate"));
}

TEST_F(EventKeysTest, TheListLagsAfterDieAndDestroyOnly) {
  EXPECT_TRUE(ListLagsBehind(Container("die", {})));
  EXPECT_TRUE(ListLagsBehind(Container("destroy", {})));
  EXPECT_FALSE(ListLagsBehind(Container("start", {})));
}

TEST_F(EventKeysTest, AKilledRunnerStoppedUncleanly) {
  EXPECT_TRUE(IsUncleanRunnerStop(Container("die", {{"name", "vm-runner"}, {"exitCode", "137"}}), host_));
  EXPECT_FALSE(IsUncleanRunnerStop(Container("die", {{"name", "vm-runner"}, {"exitCode", "1"}}), host_));
  EXPECT_FALSE(
      IsUncleanRunnerStop(Container("die", {{"name", "docker-delegate"}, {"exitCode", "137"}}), host_));
}

}  // namespace
}  // namespace spacelet::controller

// The replacement of a network that Docker may refuse to make, and the way back.
#include <gtest/gtest.h>

#include "pkg/controller/networks.h"
#include "pkg/docker/errors.h"
#include "test/pkg/controller/world.h"

namespace spacelet::controller {
namespace {

constexpr char kOld[] = "10.1.0.0/24", kNew[] = "10.9.0.0/24", kFree[] = "10.10.0.0/24";
constexpr char kNetwork[] = "network/harness";

std::string WithSubnet(const std::string& subnet) {
  std::string document = kWebAndApp;
  return document.replace(document.find("spec:\n"), 6, "spec:\n  network: {subnet: " + subnet + "}\n");
}

class NetworkTest : public World {
 protected:
  void SetUp() override {
    Start();
    Offer(WithSubnet(kOld));
    ASSERT_TRUE(Converges());
    for (const docker::Container& c : docker_.Containers()) before_[c.id] = c.started_at;
  }

  // Somebody else's network has the addresses.
  void Take(const std::string& subnet) {
    docker::NetworkConfig config;
    config.name = "others";
    config.subnet = subnet;
    ASSERT_TRUE(docker_.CreateNetwork(config, {}).ok());
  }
  void GiveBack() {
    for (const docker::Network& n : docker_.Networks())
      if (n.config.name == "others") {
        ASSERT_TRUE(docker_.RemoveNetwork(n.id, {}).ok());
      }
  }

  void FailToCreate(int times) {
    docker_.Inject({.operation = "CreateNetwork",
                    .status = docker::StatusFromHttp(500, docker::CallClass::kCreate, "POST /networks/create",
                                                     "numerical result out of range"),
                    .times = times});
  }

  std::string Subnet() {
    for (const docker::Network& n : docker_.Networks())
      if (n.config.name == "harness") return n.config.subnet;
    return "none";
  }
  // Neither was ever down, and both are on the network that there is now.
  void ExpectSameContainersOn(const std::string& subnet) {
    EXPECT_EQ(Subnet(), subnet);
    std::map<std::string, absl::Time> now;
    for (const docker::Container& c : docker_.Containers()) {
      now[c.id] = c.started_at;
      EXPECT_TRUE(c.networks.contains("harness")) << c.name;
    }
    EXPECT_EQ(now, before_);
  }

  std::map<std::string, absl::Time> before_;  // id -> started at
};

TEST_F(NetworkTest, WhatDockerRefusesMakesRoomForWhatWasThere) {
  Take(kNew);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] {
    const auto network = board_.Object(kNetwork);
    const report::Condition* synced = report::Find(network->conditions, api::kSynced);
    return synced->reason == api::reason::kRolledBack;
  }));
  EXPECT_TRUE(HasMessage(kNetwork, api::kSynced, "Pool overlaps with other one on this address space"));
  EXPECT_TRUE(HasMessage(kNetwork, api::kSynced, "choose another spec.network.subnet"));
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_FALSE(controller_->GetProgress().converged);
  ExpectSameContainersOn(kOld);
}

TEST_F(NetworkTest, ItIsNotTriedAgainAlsoNotByTheNextAgent) {
  Take(kNew);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(
      EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] { return controller_->GetProgress().settled; }));
  const int before = docker_.mutating_calls();
  EXPECT_FALSE(
      EventuallyWhileTimeRunsFor(absl::Minutes(30), [&] { return docker_.mutating_calls() > before; }));
  Restart();
  EXPECT_TRUE(HasReason(kNetwork, api::kSynced, api::reason::kRolledBack));
  EXPECT_FALSE(
      EventuallyWhileTimeRunsFor(absl::Minutes(30), [&] { return docker_.mutating_calls() > before; }));
}

TEST_F(NetworkTest, ACorrectedDocumentIsTriedAtOnce) {
  Take(kNew);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(
      EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] { return controller_->GetProgress().settled; }));
  Offer(WithSubnet(kFree));
  ASSERT_TRUE(Converges());
  ExpectSameContainersOn(kFree);
  EXPECT_TRUE(state_.LoadNetworks()->empty());
}

TEST_F(NetworkTest, APersonMayHaveItTriedAgain) {
  Take(kNew);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(
      EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] { return controller_->GetProgress().settled; }));
  GiveBack();
  controller_->TryAgain();
  ASSERT_TRUE(Converges());
  ExpectSameContainersOn(kNew);
}

TEST_F(NetworkTest, AnErrorOfTheDaemonThatStaysIsARefusalToo) {
  FailToCreate(Networks::kErrorsThatAreANo);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(
      EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] { return controller_->GetProgress().settled; }));
  EXPECT_TRUE(HasMessage(kNetwork, api::kSynced, "numerical result out of range"));
  ExpectSameContainersOn(kOld);
}

TEST_F(NetworkTest, OneThatPassesIsNone) {
  FailToCreate(Networks::kErrorsThatAreANo - 1);
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(ConvergesWhileTimeRuns());
  ExpectSameContainersOn(kNew);
}

TEST_F(NetworkTest, WithoutAnAnswerOfTheDaemonNothingIsGivenUp) {
  docker_.Inject({.operation = "CreateNetwork", .status = absl::UnavailableError("cannot connect")});
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(ConvergesWhileTimeRuns());
  ExpectSameContainersOn(kNew);
}

TEST_F(NetworkTest, ADaemonThatIsBusyOrGoingDownHasRefusedNothing) {
  for (const int answer : {429, 503}) {
    docker_.Inject({.operation = "CreateNetwork",
                    .status = docker::StatusFromHttp(answer, docker::CallClass::kCreate,
                                                     "POST /networks/create", "later")});
  }
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(ConvergesWhileTimeRuns());
  ExpectSameContainersOn(kNew);
}

TEST_F(NetworkTest, AnAgentThatDiesBetweenTheTwoLeavesTheWayBackToTheNext) {
  docker_.Inject({.operation = "CreateNetwork", .status = absl::UnavailableError("cannot connect")});
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(HasReason(kNetwork, api::kSynced, api::reason::kBackOff));
  ASSERT_EQ(Subnet(), "none");
  Stop();
  Take(kNew);
  Restart();
  ASSERT_TRUE(
      EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] { return controller_->GetProgress().settled; }));
  EXPECT_TRUE(HasReason(kNetwork, api::kSynced, api::reason::kRolledBack));
  ExpectSameContainersOn(kOld);
}

TEST_F(NetworkTest, AWayBackThatIsRefusedAsWellIsTriedOn) {
  Take(kNew);
  docker_.Inject({.operation = "CreateNetwork",
                  .nth = 2,
                  .status = docker::StatusFromHttp(403, docker::CallClass::kCreate, "POST /networks/create",
                                                   "Pool overlaps"),
                  .times = 5});
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] {
    return docker_.CountCalls("CreateNetwork") > 7 && controller_->GetProgress().settled;
  }));
  ExpectSameContainersOn(kOld);
}

// I3: the directory is a cache.
TEST_F(NetworkTest, WithoutTheStateDirectoryOnlyTheWayBackIsLost) {
  docker_.Inject({.operation = "CreateNetwork", .status = absl::UnavailableError("cannot connect")});
  Offer(WithSubnet(kNew));
  ASSERT_TRUE(HasReason(kNetwork, api::kSynced, api::reason::kBackOff));
  Stop();
  Take(kNew);
  std::filesystem::remove_all(state_path_);
  Restart();
  ASSERT_TRUE(HasMessage(kNetwork, api::kSynced, "Pool overlaps"));
  EXPECT_TRUE(Runs("web") && Runs("app"));
  GiveBack();
  controller_->TryAgain();
  ASSERT_TRUE(Converges());
  ExpectSameContainersOn(kNew);
}

}  // namespace
}  // namespace spacelet::controller

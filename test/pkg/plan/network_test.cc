#include <gtest/gtest.h>

#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

class NetworkPlan : public ::testing::TestWithParam<PlanCase> {};

TEST_P(NetworkPlan, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  EXPECT_EQ(plan::ToText(plan::ComputeFor("network/harness", host, now)), GetParam().text);
}

void ChangeSubnet(desired::Host& host) {
  host.network->config.subnet = "10.9.0.0/24";
  host.network->spec_hash = "v1:net-2";
}

// What was there before a replacement that is due or under way, and what Docker said to the new one.
void Remember(plan::ObservedState& now, const std::string& failed_hash = "") {
  plan::NetworkFact& fact = now.facts.networks["harness"];
  fact.history = {"{\"name\":\"harness\"}", failed_hash, failed_hash.empty() ? "" : "Pool overlaps"};
  fact.previous = DesiredHost().network->config;
  fact.previous->subnet = "10.1.0.0/24";
}

void TakeNetworkAway(plan::ObservedState& now) {
  now.networks.clear();
  for (docker::Container& c : now.containers) c.networks.clear();
}

const PlanCase kCases[] = {
    {"IsEmptyWhenConverged", [](auto&, auto&) {}, ""},
    {"AMissingOneIsCreated", [](auto&, auto& now) { now.networks.clear(); },
     "network/harness  CreateNetwork harness  (not found)\n"},
    {"AForeignOneOfTheSameDriverIsUsedAsItIs",
     [](auto& host, auto& now) {
       now.networks[0].config.labels.clear();
       ChangeSubnet(host);
     },
     ""},
    {"AForeignOneOfAnotherDriverIsAConflict",
     [](auto&, auto& now) {
       now.networks[0].config.labels.clear();
       now.networks[0].config.driver = "macvlan";
     },
     "network/harness  conflict: network harness exists with driver macvlan and was not made by spacelet: "
     "remove it, or name its driver or "
     "another network in the document\n"},
    {"ChangedSettingsReplaceItUnderItsMembers", [](auto& host, auto&) { ChangeSubnet(host); },
     "network/harness  DisconnectNetwork 6861726e6573 x 646f636b6572  (network is replaced)\n"
     "network/harness  DisconnectNetwork 6861726e6573 x 766d2d72756e  (network is replaced)\n"
     "network/harness  RemoveNetwork harness 6861726e6573  (settings changed)\n"
     "    subnet: none -> 10.9.0.0/24\n"
     "network/harness  CreateNetwork harness  (settings changed)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"AForeignMemberKeepsItsNetwork",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       now.networks[0].members.push_back({FakeId("web"), "web"});
     },
     "network/harness  conflict: the settings of network harness changed, but web is attached and not "
     "managed by spacelet: disconnect it "
     "first\n"},
    {"OneThatIsGoneIsMadeAgainUnderItsMembersTheRunnerFirst", [](auto&, auto& now) { TakeNetworkAway(now); },
     "network/harness  CreateNetwork harness  (not found)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"WhoeverDoesNotRunJoinsItByItsOwnKey",
     [](auto&, auto& now) {
       TakeNetworkAway(now);
       Find(now, "docker-delegate").status = docker::ContainerStatus::kExited;
       Find(now, "vm-runner").network_mode = "host";
     },
     "network/harness  CreateNetwork harness  (not found)\n"},
    {"AReplacementThatWasInterruptedAmongItsMembersTakesThoseAlongThatHadLeft",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now);
       Find(now, "docker-delegate").networks.clear();
       now.networks[0].members.pop_back();
     },
     "network/harness  DisconnectNetwork 6861726e6573 x 766d2d72756e  (network is replaced)\n"
     "network/harness  RemoveNetwork harness 6861726e6573  (settings changed)\n"
     "    subnet: none -> 10.9.0.0/24\n"
     "network/harness  CreateNetwork harness  (settings changed)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"AReplacementThatWasInterruptedBetweenTheTwoGoesOn",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now);
       TakeNetworkAway(now);
     },
     "network/harness  CreateNetwork harness  (its replacement was interrupted)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"WhatDockerRefusedMakesRoomForWhatWasThereBefore",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now, "v1:net-2");
       TakeNetworkAway(now);
     },
     "network/harness  CreateNetwork harness  (Docker refused the new settings, the old ones come back)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"WhatDockerRefusedIsNotTriedAgain",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now, "v1:net-2");
     },
     "network/harness  RolledBack: Docker refused the new settings of network harness: Pool overlaps. The "
     "network was made again as it was before. They are not tried again until spec.network changes or the "
     "agent gets a SIGHUP\n"},
    {"NeitherIsItWhenAStrangerIsAttachedToTheOldOne",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now, "v1:net-2");
       now.networks[0].members.push_back({FakeId("web"), "web"});
     },
     "network/harness  RolledBack: Docker refused the new settings of network harness: Pool overlaps. The "
     "network was made again as it was before. They are not tried again until spec.network changes or the "
     "agent gets a SIGHUP\n"},
    {"OtherSettingsThanTheRefusedOnesAreTriedAtOnce",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now, "v1:net-3");
     },
     "network/harness  DisconnectNetwork 6861726e6573 x 646f636b6572  (network is replaced)\n"
     "network/harness  DisconnectNetwork 6861726e6573 x 766d2d72756e  (network is replaced)\n"
     "network/harness  RemoveNetwork harness 6861726e6573  (settings changed)\n"
     "    subnet: none -> 10.9.0.0/24\n"
     "network/harness  CreateNetwork harness  (settings changed)\n"
     "network/harness  ConnectNetwork harness <- 766d2d72756e  (network was replaced)\n"
     "network/harness  ConnectNetwork harness <- 646f636b6572  (network was replaced)\n"},
    {"WithNothingToGoBackToTheRefusedOneIsMade",
     [](auto& host, auto& now) {
       ChangeSubnet(host);
       Remember(now, "v1:net-2");
       now.facts.networks["harness"].previous.reset();
       now.networks.clear();
     },
     "network/harness  CreateNetwork harness  (its replacement was interrupted)\n"},
    {"AnEmptySecondOneOfOursIsRemoved",
     [](auto& host, auto& now) {
       now.networks.push_back(Existing(*host.network));
       now.networks.back().id = FakeId("second");
     },
     "network/harness  RemoveNetwork harness 7365636f6e64  (empty second network of this name)\n"},
    {"ASecondForeignOneIsAConflict",
     [](auto& host, auto& now) {
       now.networks.push_back(Existing(*host.network));
       now.networks.back().id = FakeId("second");
       now.networks.back().config.labels.clear();
     },
     "network/harness  conflict: a second network named harness (7365636f6e64) exists; Docker calls the name "
     "ambiguous: remove it (docker "
     "network rm 7365636f6e64)\n"},
};
INSTANTIATE_TEST_SUITE_P(Network, NetworkPlan, ::testing::ValuesIn(kCases), CaseName);

// Found on a real host: containers joined the old network again while it was taken down.
TEST(NetworkReplacement, AContainerStaysOffANetworkThatIsBeingReplaced) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  ChangeSubnet(host);
  Find(now, "vm-runner").networks.clear();
  EXPECT_EQ(plan::ToText(plan::ComputeFor("container/vm-runner", host, now)),
            "container/vm-runner  waits for network/harness to be created  (WaitingForNetwork)\n");
  // One that a stranger keeps is not replaced, and is joined.
  now.networks[0].members.push_back({FakeId("web"), "web"});
  plan::Plan plan = plan::ComputeFor("container/vm-runner", host, now);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_FALSE(plan.steps[0].waits);
  // Nor is one whose new settings Docker has refused.
  now.networks[0].members.pop_back();
  Remember(now, host.network->spec_hash);
  plan = plan::ComputeFor("container/vm-runner", host, now);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_FALSE(plan.steps[0].waits);
}

TEST(NetworkReplacement, TheOldSettingsAreRememberedBeforeTheFirstStep) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  now.networks[0].config.labels[api::kLabelNetworkSpec] = "the old settings";
  ChangeSubnet(host);
  const plan::Plan plan = plan::ComputeFor("network/harness", host, now);
  EXPECT_EQ(plan.networks.at("harness"), (api::NetworkHistory{"the old settings", "", ""}));
  now.facts.networks["harness"].history = plan.networks.at("harness");
  EXPECT_TRUE(plan::ComputeFor("network/harness", host, now).networks.empty());
}

TEST(NetworkReplacement, TheWayBackMakesTheOldSettingsAndWaitsForNoBackOff) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  ChangeSubnet(host);
  Remember(now, host.network->spec_hash);
  now.networks.clear();
  const plan::Plan plan = plan::ComputeFor("network/harness", host, now);
  EXPECT_TRUE(plan.goes_back);
  EXPECT_EQ(std::get<plan::CreateNetwork>(plan.steps.at(0).operation).config.subnet, "10.1.0.0/24");
}

TEST(NetworkReplacement, NothingIsRememberedOfOneThatIsAsDesiredOrGoesForGood) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  Remember(now, "v1:net-2");
  EXPECT_EQ(plan::ComputeFor("network/harness", host, now).networks.at("harness"), api::NetworkHistory());
  host.network->config.name = "other";
  now.networks[0].members.clear();
  EXPECT_EQ(plan::ComputeFor("network/harness", host, now).networks.at("harness"), api::NetworkHistory());
}

TEST(NetworkReplacement, AMemberThatWasNotInspectedIsStillOurs) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  ChangeSubnet(host);
  now.owned = {{FakeId("docker-delegate"), "docker-delegate"}};
  std::erase_if(now.containers, [](const docker::Container& c) { return c.name == "docker-delegate"; });
  EXPECT_TRUE(plan::ComputeFor("network/harness", host, now).conflicts.empty());
}

TEST(NetworkReplacement, AnEndpointThatLostItsSandboxIsTakenOffByName) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  ChangeSubnet(host);
  now.networks[0].members = {{"ep-0123", "vm-runner"}};
  const plan::Plan plan = plan::ComputeFor("network/harness", host, now);
  ASSERT_TRUE(plan.conflicts.empty());
  EXPECT_EQ(std::get<plan::DisconnectNetwork>(plan.steps[0].operation),
            (plan::DisconnectNetwork{FakeId("harness"), "vm-runner", true}));
}

TEST(NetworkPlanRemoval, AnOwnedOneThatIsNoLongerDesiredGoesWhenItsMembersHaveLeft) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  host.network->config.name = "other";
  EXPECT_EQ(plan::ToText(plan::ComputeFor("network/harness", host, now)),
            "network/harness  waits for container/vm-runner to be detached  (Reconciling)\n");
  now.networks[0].members.clear();
  EXPECT_EQ(plan::ToText(plan::ComputeFor("network/harness", host, now)),
            "network/harness  RemoveNetwork harness 6861726e6573  (no longer in the document)\n");
}

}  // namespace
}  // namespace spacelet::testing

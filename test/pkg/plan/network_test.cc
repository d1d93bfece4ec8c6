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
  const plan::Plan plan = plan::ComputeFor("container/vm-runner", host, now);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_TRUE(plan.steps[0].waits);
  // One that a stranger keeps is not replaced, and is joined.
  now.networks[0].members.push_back({FakeId("web"), "web"});
  EXPECT_FALSE(plan::ComputeFor("container/vm-runner", host, now).steps[0].waits);
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

#include "pkg/plan/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/plan/plan.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using plan::Partition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(const plan::ObservedState& part) {
  std::vector<std::string> names;
  for (const docker::Container& c : part.containers) names.push_back(c.name);
  return names;
}

class PartitionTest : public ::testing::Test {
 protected:
  std::vector<std::string> Names(const std::string& key) const {
    return NamesOf(Partition(host_, now_).For(key));
  }
  void ExpectSamePlans() const {
    for (const std::string& key : plan::Keys(host_, now_))
      EXPECT_EQ(plan::ComputeFor(key, host_, Partition(host_, now_).For(key)),
                plan::ComputeFor(key, host_, now_))
          << key;
  }
  desired::Host host_ = DesiredHost();
  plan::ObservedState now_ = Converged(host_);
};

TEST_F(PartitionTest, AContainerIsWithItsKeyUnderEachOfItsNames) {
  const desired::Container& runner = host_.containers[0];
  for (const char* name : {"by-hand", "vm-runner.next", "vm-runner.previous"})
    AddPart(now_, runner, name, "v1:other", docker::ContainerStatus::kCreated);
  EXPECT_THAT(Names("container/vm-runner"),
              ElementsAre("vm-runner", "by-hand", "vm-runner.next", "vm-runner.previous"));
  EXPECT_THAT(Names("container/docker-delegate"), ElementsAre("docker-delegate"));
  ExpectSamePlans();
}

TEST_F(PartitionTest, EachPartIsAsOldAsTheWhole) {
  now_.begun = {absl::Hours(5)};
  for (const std::string& key : plan::Keys(host_, now_)) {
    const plan::ObservedState part = Partition(host_, now_).For(key);
    EXPECT_EQ(part.taken_at, now_.taken_at) << key;
    EXPECT_EQ(part.begun, now_.begun) << key;
  }
}

TEST_F(PartitionTest, WhatIsForeignOrDroppedIsWithTheNameThatItHolds) {
  Find(now_, "vm-runner").labels.clear();
  host_.containers.erase(host_.containers.begin() + 1);
  EXPECT_THAT(Names("container/vm-runner"), ElementsAre("vm-runner"));
  EXPECT_THAT(Names("container/docker-delegate"), ElementsAre("docker-delegate"));
  EXPECT_THAT(Names("container/nobody"), IsEmpty());
  ExpectSamePlans();
}

TEST_F(PartitionTest, WhoDoesTheWorkUnderAnotherNameIsWithWhoTakesItOver) {
  host_.containers[0].takeover = true;
  Erase(now_, "vm-runner");
  docker::Container& theirs =
      AddPart(now_, host_.containers[0], "runner-by-hand", "", docker::ContainerStatus::kRunning);
  theirs.labels.clear();
  docker::ContainerSummary row;
  row.id = theirs.id;
  row.name = theirs.name;
  now_.rivals.push_back({row, "does this work", "container/vm-runner", false, true});
  EXPECT_THAT(Names("container/vm-runner"), ElementsAre("runner-by-hand"));
  ExpectSamePlans();
}

TEST_F(PartitionTest, TheFactsOfOthersStayWithThem) {
  now_.facts.secret_env = {{"vm-runner/TOKEN", {"a", ""}}, {"vm-runner-2/TOKEN", {"b", ""}}};
  now_.facts.rollouts["docker-delegate"].failed.emplace_back();
  const plan::Facts facts = Partition(host_, now_).For("container/vm-runner").facts;
  EXPECT_EQ(facts.secret_env.size(), 1u);
  EXPECT_EQ(facts.probes.size(), 1u);
  EXPECT_TRUE(facts.rollouts.empty());
  EXPECT_TRUE(Partition(host_, now_)
                  .For("container/docker-delegate")
                  .facts.ready.contains("vm-runner"));  // a dependency
}

TEST_F(PartitionTest, ANetworkSeesEverybody) { EXPECT_EQ(Names("network/harness").size(), 2u); }

TEST_F(PartitionTest, WhoIsOnANetworkMattersWhereItMayBeReplaced) {
  const auto members = [&] {
    return Partition(host_, now_).For("container/vm-runner").networks[0].members.size();
  };
  EXPECT_EQ(members(), 1u);
  host_.network->spec_hash = "v1:net-2";
  EXPECT_EQ(members(), 2u);
  now_.networks[0].members.push_back({"f0", "foreign"});
  ExpectSamePlans();
}

// Steps and not time: what all looks at n objects read is n containers, where each of them read n before.
TEST_F(PartitionTest, AllLooksTogetherReadEachContainerOnce) {
  host_.containers.clear();
  for (int i = 0; i < 100; ++i) {
    const std::string name = absl::StrCat("box-", i);
    host_.containers.push_back(DesiredContainer(name, name, "box:1"));
  }
  now_ = Converged(host_);
  const Partition partition(host_, now_);
  size_t containers = 0, facts = 0;
  for (const desired::Container& c : host_.containers) {
    const plan::ObservedState part = partition.For(plan::ContainerKey(c.name));
    containers += part.containers.size();
    facts += part.facts.probes.size() + part.facts.ready.size() + part.images.size() + part.owned.size() +
             part.networks[0].members.size();
  }
  EXPECT_EQ(containers, 100u);
  EXPECT_LE(facts, 400u);
}

}  // namespace
}  // namespace spacelet::testing

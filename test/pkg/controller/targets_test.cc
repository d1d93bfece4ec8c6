#include "pkg/controller/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/scenario.h"

namespace spacelet::controller {
namespace {

using docker::ContainerStatus;
using ::testing::ElementsAre;

class TargetsTest : public ::testing::Test {
 protected:
  // A running part of the workload with this spec hash, known by its name.
  docker::Container& Add(const std::string& name, const std::string& hash = "v1:runner-1") {
    docker::Container part = testing::Running(want_);
    part.id = part.name = name;
    part.labels[api::kLabelSpecHash] = hash;
    now_.containers.push_back(part);
    return now_.containers.back();
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const probe::Target& target : TargetsOf(want_, now_)) ids.push_back(target.id);
    return ids;
  }
  probe::Target Of(const std::string& id) const {
    for (probe::Target& target : TargetsOf(want_, now_))
      if (target.id == id) return target;
    ADD_FAILURE() << id;
    return {};
  }

  desired::Container want_ = testing::DesiredContainer("runner", "vm-runner", "runner:1");
  plan::ObservedState now_;
};

TEST_F(TargetsTest, AreTheRunningPartsAndTheOneThatServesIsFirst) {
  for (const char* name : {"vm-runner.next", "vm-runner.previous", "by-hand", "vm-runner"}) Add(name);
  EXPECT_THAT(Ids(), ElementsAre("vm-runner", "by-hand", "vm-runner.previous", "vm-runner.next"));
  now_.containers.back().status = ContainerStatus::kExited;
  EXPECT_THAT(Ids(), ElementsAre("by-hand", "vm-runner.previous", "vm-runner.next"));
  for (docker::Container& c : now_.containers) c.status = ContainerStatus::kPaused;
  EXPECT_THAT(Ids(), ElementsAre());
}

TEST_F(TargetsTest, AreAskedAtTheirAddressOnTheNetwork) {
  Add("vm-runner");
  EXPECT_EQ(Of("vm-runner").ip, "172.18.0.2");
  now_.containers[0].networks.clear();
  EXPECT_EQ(Of("vm-runner").ip, "");
  want_.network.clear();
  EXPECT_EQ(Of("vm-runner").ip, "127.0.0.1");
}

TEST_F(TargetsTest, ThoseOfAnotherSpecAreOutdated) {
  Add("vm-runner", "v1:runner-0");
  Add("vm-runner.next");
  EXPECT_TRUE(Of("vm-runner").outdated);
  EXPECT_FALSE(Of("vm-runner.next").outdated);
}

TEST_F(TargetsTest, TheWorkOfTheOldOneIsReadOnceItsSuccessorStandsReady) {
  want_.drain = desired::DrainMetric{3000, "/metrics", "executions"};
  Add("vm-runner");
  EXPECT_FALSE(Of("vm-runner").drain.has_value());
  Add("vm-runner.next").status = ContainerStatus::kCreated;
  EXPECT_EQ(Of("vm-runner").drain, (probe::DrainMetric{3000, "/metrics", "executions"}));
  want_.drain.reset();
  EXPECT_FALSE(Of("vm-runner").drain.has_value());
}

}  // namespace
}  // namespace spacelet::controller

#include "pkg/app/host_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::app {
namespace {

using ::testing::HasSubstr;

TEST(HostFacts, TheCloudIsAskedOnceAndOnlyForWhatItKnows) {
  int asked = 0;
  HostFacts facts({}, [&]() -> absl::StatusOr<cloud::Instance> {
    ++asked;
    return cloud::Instance{"i-1", "us-west1-b", "us-west1"};
  });
  facts.Get("name").IgnoreError();
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(*facts.Get("instanceId"), "i-1");
  EXPECT_EQ(*facts.Get("zone"), "us-west1-b");
  EXPECT_EQ(*facts.Get("region"), "us-west1");
  EXPECT_EQ(asked, 1);
}

TEST(HostFacts, AServiceThatIsNotThereYetIsAskedAgain) {
  int asked = 0;
  HostFacts facts({}, [&]() -> absl::StatusOr<cloud::Instance> {
    if (++asked == 1) return absl::DeadlineExceededError("no metadata server");
    return cloud::Instance{"i-1", "z", "r"};
  });
  EXPECT_EQ(facts.Get("zone").status(),
            absl::UnavailableError("no metadata server; --host-fact zone=… says it"));
  EXPECT_EQ(*facts.Get("zone"), "z");
}

TEST(HostFacts, WhatIsGivenWinsAndForAnotherMachineNothingElseCounts) {
  const auto nobody = []() -> absl::StatusOr<cloud::Instance> { return absl::UnavailableError("nobody"); };
  HostFacts given({{{"name", "west"}, {"zone", "z"}}}, nobody);
  EXPECT_EQ(*given.Get("name"), "west");
  EXPECT_EQ(*given.Get("zone"), "z");
  EXPECT_EQ(given.Origins().at("zone"), "--host-fact");
  EXPECT_EQ(given.Origins().at("region"), "the metadata service");
  HostFacts elsewhere({.facts = {}, .only_given = true}, nobody);
  EXPECT_THAT(elsewhere.Get("name").status().message(), HasSubstr("--host-name"));
  EXPECT_THAT(elsewhere.Get("zone").status().message(), HasSubstr("--host-fact zone="));
}

TEST(HostFacts, TheMachinesNameIsALabelOrAnErrorThatSaysWhatToDo) {
  const absl::StatusOr<std::string> name = MachineName();
  if (name.ok())
    EXPECT_TRUE(config::IsDnsLabel(*name));
  else
    EXPECT_THAT(name.status().message(), HasSubstr("--host-name"));
}

}  // namespace
}  // namespace spacelet::app

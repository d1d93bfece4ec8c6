#include "pkg/controller/removals.h"

#include <gtest/gtest.h>

namespace spacelet::controller {
namespace {

desired::Host HostOf(std::initializer_list<const char*> names) {
  desired::Host host;
  for (const char* name : names) {
    desired::Container container;
    container.name = name;
    host.containers.push_back(container);
  }
  return host;
}

class RemovalsTest : public ::testing::Test {
 protected:
  void After(absl::Duration time, std::initializer_list<const char*> names, bool at_once = false) {
    now_ = now_ + time;
    removals_.Document(HostOf(names), at_once, now_);
  }
  Removals removals_{absl::Seconds(60)};
  base::Instant now_{absl::Hours(1)};
};

TEST_F(RemovalsTest, ADroppedWorkloadWaitsForTheDelay) {
  After({}, {"a", "b"});
  After(absl::Hours(1), {"a"});
  EXPECT_EQ(removals_.Remaining("b", now_), absl::Seconds(60));
  EXPECT_EQ(removals_.Remaining("b", now_ + absl::Seconds(60)), absl::ZeroDuration());
}

TEST_F(RemovalsTest, AnotherRevisionWithoutItDoesNotStartTheDelayAfresh) {
  After({}, {"a", "b"});
  After(absl::Seconds(1), {"a"});
  After(absl::Seconds(40), {"a", "c"});
  EXPECT_EQ(removals_.Remaining("b", now_), absl::Seconds(20));
}

TEST_F(RemovalsTest, AddingItAgainCancelsTheDelay) {
  After({}, {"a", "b"});
  After(absl::Seconds(1), {"a"});
  After(absl::Seconds(50), {"a", "b"});
  After(absl::Seconds(50), {"a"});
  EXPECT_EQ(removals_.Remaining("b", now_), absl::Seconds(60));
}

TEST_F(RemovalsTest, WhatNoDocumentOfThisProcessHadWaitsFromTheFirstOn) {
  After({}, {"a"});
  EXPECT_EQ(removals_.Remaining("old", now_ + absl::Seconds(10)), absl::Seconds(50));
}

TEST_F(RemovalsTest, ApplyAndGitDoNotWait) {
  After({}, {"a", "b"}, true);
  After({}, {"a"}, true);
  EXPECT_EQ(removals_.Remaining("b", now_), absl::ZeroDuration());
}

}  // namespace
}  // namespace spacelet::controller

#include "pkg/report/status_board.h"

#include <gtest/gtest.h>

#include <thread>

#include "pkg/api/reasons.h"
#include "test/pkg/report/sample_status.h"
#include "test/testing/fake_clock.h"

namespace spacelet::report {
namespace {

class BoardTest : public ::testing::Test {
 protected:
  void Fill() {
    const Status sample = SampleStatus();
    board_.SetName(sample.name);
    board_.UpdateConfig([&](ConfigStatus& config) { config = sample.config; });
    board_.SetDocker(sample.docker);
    for (const Condition& c : sample.conditions) board_.SetCondition(c.type, c.status, c.reason, c.message);
    for (const ObjectStatus& o : sample.objects) board_.SetObject(o);
  }
  Condition HostReady() { return *Find(board_.Snapshot().conditions, api::kReady); }

  testing::FakeClock clock_;
  StatusBoard board_{clock_, [](std::string text) { return text == "s3cret" ? std::string("***") : text; },
                     "0.1.0"};
};

TEST_F(BoardTest, IsNotReadyBeforeAnythingIsKnown) {
  EXPECT_EQ(HostReady().status, Truth::kFalse);
  EXPECT_EQ(HostReady().reason, api::reason::kNotReady);
}

TEST_F(BoardTest, ReadyFollowsEverythingElse) {
  Fill();
  EXPECT_EQ(HostReady().status, Truth::kTrue);
  clock_.Advance(absl::Seconds(7));
  board_.SetCondition(api::kDockerAvailable, Truth::kFalse, api::reason::kUnreachable, "gone");
  EXPECT_EQ(HostReady().status, Truth::kFalse);
  EXPECT_EQ(HostReady().last_transition, clock_.Now());
  EXPECT_NE(HostReady().message.find("docker"), std::string::npos);
}

TEST_F(BoardTest, ObservedGenerationOnlyGrows) {
  board_.UpdateConfig([](ConfigStatus& c) { c.observed_generation = 5; });
  board_.UpdateConfig([](ConfigStatus& c) { c.observed_generation = 2; });
  EXPECT_EQ(board_.Snapshot().config.observed_generation, 5);
}

TEST_F(BoardTest, AnObjectKeepsItsTransitionTimesAndItsLastRollout) {
  ObjectStatus object = SampleStatus().objects[0];
  object.last_rollout.emplace();
  object.last_rollout->result = "Succeeded";
  board_.SetObject(object);
  const absl::Time first = board_.Object(object.object)->conditions[0].last_transition;
  clock_.Advance(absl::Minutes(1));
  object.last_rollout.reset();
  object.restarts = 1;
  board_.SetObject(object);
  EXPECT_EQ(board_.Object(object.object)->conditions[0].last_transition, first);
  EXPECT_EQ(board_.Object(object.object)->last_rollout->result, "Succeeded");
}

TEST_F(BoardTest, WhileDockerIsAwayEveryObjectIsUnknown) {
  Fill();
  board_.SetObjectsUnknown(api::reason::kUnreachable, "Docker is unavailable");
  for (const ObjectStatus& object : board_.Snapshot().objects)
    for (const Condition& c : object.conditions)
      EXPECT_EQ(c.status, Truth::kUnknown) << object.object << c.type;
}

TEST_F(BoardTest, APullStaysUntilItIsOverThoughTheObjectIsLookedAt) {
  Fill();
  ObjectStatus object = SampleStatus().objects[0];
  board_.SetObjectPull(object.object, PullStatus{.image = "r:2", .bytes_done = 5});
  object.restarts = 1;
  board_.SetObject(object);
  ASSERT_TRUE(board_.Object(object.object)->pull.has_value());
  EXPECT_EQ(board_.Object(object.object)->pull->bytes_done, 5);
  board_.SetObjectPull(object.object, std::nullopt);
  EXPECT_FALSE(board_.Object(object.object)->pull.has_value());
  board_.SetObjectPull("container/stranger", PullStatus{});
  EXPECT_FALSE(board_.Object("container/stranger").has_value());
}

TEST_F(BoardTest, APlanIsRedactedAndForgottenWithDocker) {
  ObjectStatus object = SampleStatus().objects[0];
  object.plan.steps = {{"o", "CreateContainer", "s3cret", "s3cret", {{"env.A", "s3cret", "a\nb"}}, false}};
  object.plan.notices = {{"o", "InvalidPool", "s3cret", true}};
  board_.SetObject(object);
  const PlanSummary plan = board_.Object(object.object)->plan;
  EXPECT_EQ(plan.steps[0].arguments, "***");
  EXPECT_EQ(plan.steps[0].cause, "***");
  EXPECT_EQ(plan.steps[0].changes[0].from, "***");
  EXPECT_EQ(plan.steps[0].changes[0].to.find('\n'), std::string::npos);
  EXPECT_EQ(plan.notices[0].message, "***");
  board_.SetObjectsUnknown(api::reason::kUnreachable, "gone");
  EXPECT_EQ(board_.Object(object.object)->plan, PlanSummary{});
}

TEST_F(BoardTest, ObjectsAreSortedAndGoWhenRemoved) {
  Fill();
  board_.RemoveObject("container/vm-runner");
  EXPECT_EQ(board_.Objects(), std::vector<std::string>{"network/harness"});
  EXPECT_FALSE(board_.Object("container/vm-runner").has_value());
}

TEST_F(BoardTest, MessagesAreRedactedWhereTheyEnter) {
  board_.SetCondition(api::kConfigAccepted, Truth::kFalse, "Rejected", "s3cret");
  EXPECT_EQ(Find(board_.Snapshot().conditions, api::kConfigAccepted)->message, "***");
  ObjectStatus object = SampleStatus().objects[0];
  object.conditions[0].message = "s3cret";
  board_.SetObject(object);
  EXPECT_EQ(board_.Object(object.object)->conditions[0].message, "***");
  board_.UpdateConfig([](ConfigStatus& c) { c.error = "s3cret"; });
  EXPECT_EQ(board_.Snapshot().config.error, "***");
}

TEST_F(BoardTest, AChangeWakesAWatcherAndARepetitionDoesNotCount) {
  Fill();
  const uint64_t seen = board_.version();
  board_.SetName("gitspaces-us-west1");
  board_.SetObject(SampleStatus().objects[0]);
  EXPECT_EQ(board_.version(), seen);
  std::jthread watcher([&] { EXPECT_GT(board_.WaitForChange(seen, base::InfiniteFuture(), {}), seen); });
  clock_.WaitForWaiters(1);
  board_.SetName("other");
}

}  // namespace
}  // namespace spacelet::report

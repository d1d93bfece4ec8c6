#include "pkg/controller/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/pkg/controller/world.h"

namespace spacelet::controller {
namespace {

using Kind = testing::Fault::Kind;

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}
const std::string kWeb2 = Replaced(kWebAndApp, "web:1", "web:2");
const std::string kWebOnly =
    Replaced(kWebAndApp, R"(    - {name: app, image: "app:1", dependsOn: [web]})", "");
const std::string kLimited =
    Replaced(kWebOnly, R"(image: "web:1"})", R"(image: "web:1", resources: {memory: 512m}})");
const std::string kSuspended = Replaced(kWebAndApp, "spec:\n", "spec:\n  suspend: true\n");

class ControllerTest : public World {
 protected:
  // False also while the record is being replaced.
  bool KeepsNoLimits() const {
    const auto kept = state_.LoadLimitsSet();
    return kept.ok() && kept->empty();
  }
  bool KeepsLimitsOf(const std::string& id) const {
    const auto kept = state_.LoadLimitsSet();
    return kept.ok() && kept->contains(id);
  }
};

TEST_F(ControllerTest, AColdHostConvergesInDependencyOrder) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  EXPECT_TRUE(Runs("web"));
  EXPECT_TRUE(Runs("app"));
  std::vector<std::string> started;
  for (const testing::Call& call : docker_.calls())
    if (call.operation == "StartContainer" || call.operation == "CreateNetwork")
      started.push_back(call.object);
  EXPECT_THAT(started, ::testing::ElementsAre("harness", "web", "app"));
  EXPECT_EQ(board_.Snapshot().config.observed_generation, 1);
}

TEST_F(ControllerTest, TheOrderOfDocumentAndDockerDoesNotMatter) {
  Offer(kWebAndApp);
  Start();
  ASSERT_TRUE(Converges());
}

TEST_F(ControllerTest, FiftyResyncsWithoutChangeMakeNoMutatingCall) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  const int before = docker_.mutating_calls();
  const double resyncs = Value("spacelet_resyncs_total");
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(10),
                                      [&] { return Value("spacelet_resyncs_total") >= resyncs + 50; }));
  EXPECT_TRUE(Converges());
  EXPECT_EQ(docker_.mutating_calls(), before);
}

// The start of one of n containers is a look at that one: with a look at all of them, the calls of a
// convergence would grow with the square.
TEST_F(ControllerTest, AContainerCostsTheSameNumberOfCallsHoweverManyThereAre) {
  constexpr int kContainers = 60, kMostCallsEach = 30;
  std::string document =
      "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: test}\nspec:\n  containers:\n";
  for (int i = 0; i < kContainers; ++i)
    absl::StrAppend(&document, "    - {name: box-", i, ", image: \"web:1\"}\n");
  Start();
  Offer(document);
  ASSERT_TRUE(Converges());
  EXPECT_LT(docker_.CountCalls("InspectContainer") / kContainers, kMostCallsEach);
}

TEST_F(ControllerTest, ARemovedContainerIsMadeAgainByAnEventAlone) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  const std::string old_id = Find("web")->id;
  docker_.World([](testing::FakeEngine& engine) { return engine.Remove("web", true).ok(); });
  EXPECT_TRUE(Eventually([&] { return Runs("web") && Find("web")->id != old_id; }));
  EXPECT_TRUE(Converges());
}

TEST_F(ControllerTest, AHungInspectDelaysNobodyElse) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  docker_.Inject({.operation = "InspectContainer", .nth = 1, .kind = Kind::kHang});
  docker_.World([](testing::FakeEngine& engine) {
    return engine.Remove("web", true).ok() && engine.Remove("app", true).ok();
  });
  // Whoever looks first hangs; the other is made again all the same.
  EXPECT_TRUE(Eventually([&] { return Runs("web") || Runs("app"); }));
  EXPECT_TRUE(heartbeats_.Late().empty());
  docker_.ReleaseHangs();
  EXPECT_TRUE(
      EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return controller_->GetProgress().converged; }));
}

// It is the resync that sees the end: no event came.
TEST_F(ControllerTest, ALogThatIsSlowToComeDelaysNobodyElse) {
  const std::string document =
      absl::StrReplaceAll(kWebAndApp, {{"\"web:1\"", "\"web:1\", restartPolicy: \"no\""}});
  Start();
  Offer(document);
  ASSERT_TRUE(Converges());
  docker_.Inject({.operation = "Stream", .kind = Kind::kHang});
  docker_.EndStreams();
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return docker_.hanging() == 1; }));
  docker_.Inject({.operation = "TailLogs", .kind = Kind::kHang});
  docker_.World([](testing::FakeEngine& engine) { return engine.Exit("web", 1).ok(); });
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return docker_.hanging() == 2; }));
  Offer(absl::StrCat(document, "    - {name: other, image: \"web:2\"}\n"));
  EXPECT_TRUE(Eventually([&] { return Runs("other"); }));
  EXPECT_EQ(docker_.hanging(), 2);
  docker_.ReleaseHangs();
  EXPECT_TRUE(ConvergesWhileTimeRuns());
}

// The scan for rivals comes between the board, which has the document then, and the queue.
TEST_F(ControllerTest, ADocumentThatNobodyHasLookedAtIsNotSettled) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  const auto offered = [&](const std::string& document) {
    std::optional<Progress> progress;
    docker_.SetHook([&, self = std::this_thread::get_id()](const testing::Call& call) {
      if (std::this_thread::get_id() == self && call.operation == "ListContainers")
        progress = controller_->GetProgress();
    });
    Offer(document);
    docker_.SetHook(nullptr);
    return progress.value();
  };
  const Progress good = offered(absl::StrReplaceAll(kWebAndApp, {{"web:1", "web:2"}}));
  EXPECT_FALSE(good.settled);
  EXPECT_THAT(good.missing, ::testing::ElementsAre("document: generation 2 is not observed yet (at 1)"));
  ASSERT_TRUE(ConvergesWhileTimeRuns());

  Publish("app:2");
  docker_.Inject({.operation = "CreateContainer", .status = absl::InvalidArgumentError("no"), .times = 1});
  Offer(absl::StrReplaceAll(kWebAndApp, {{"web:1", "web:2"}, {"app:1", "app:2"}}));
  ASSERT_TRUE(Eventually([&] { return controller_->GetProgress().settled; })) << "as far as it goes";
  EXPECT_FALSE(offered(kWebAndApp).settled) << "what was stuck may not be";
}

TEST_F(ControllerTest, WithoutDockerEverythingIsUnknownAndNothingSpins) {
  docker_.Inject({.operation = "Ping",
                  .status = absl::UnavailableError("GET /_ping: No such file or directory"),
                  .times = 1000});
  Start();
  Offer(kWebAndApp);
  EXPECT_TRUE(Eventually([&] {
    const auto status = board_.Snapshot();
    const report::Condition* c = report::Find(status.conditions, api::kDockerAvailable);
    return c != nullptr && c->status == report::Truth::kFalse &&
           c->message.find("is Docker installed") != std::string::npos;
  }));
  EXPECT_TRUE(HasReason("container/web", api::kReady, api::reason::kUnreachable));
  for (int i = 0; i < 60; ++i) clock_.Advance(absl::Seconds(1));
  EXPECT_LT(docker_.CountCalls("Ping"), 15);
  EXPECT_TRUE(heartbeats_.Late().empty());
}

TEST_F(ControllerTest, DockersReturnQueuesEverything) {
  docker_.Inject({.operation = "Ping", .status = absl::UnavailableError("refused"), .times = 3});
  Start();
  Offer(kWebAndApp);
  EXPECT_TRUE(
      EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return controller_->GetProgress().converged; }));
}

TEST_F(ControllerTest, AnEventStreamThatBreaksIsOpenedAgain) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  docker_.EndStreams();
  docker_.World([](testing::FakeEngine& engine) { return engine.Remove("web", true).ok(); });
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] {
    return Runs("web") && Value("spacelet_docker_event_stream_reconnects_total") == 1;
  }));
}

// It hung and goes on: its stream has never ended.
TEST_F(ControllerTest, ADaemonThatAnswersAgainIsFoundByAnotherStream) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  docker_.Inject({.operation = "ListContainers", .status = absl::DeadlineExceededError("no answer")});
  docker_.Inject({.operation = "Ping", .status = absl::DeadlineExceededError("no answer"), .times = 2});
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] {
    return Value("spacelet_docker_event_stream_reconnects_total") == 1 && Value("spacelet_docker_up") == 1 &&
           controller_->GetProgress().converged;
  }));
}

TEST_F(ControllerTest, AFailedPullLeavesTheOldOneRunningAndIsTriedAgain) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  docker_.World([](testing::FakeEngine& engine) { return engine.Unpublish("web:2"), true; });
  Offer(kWeb2);
  EXPECT_TRUE(HasReason("container/web", api::kSynced, api::reason::kImagePullBackOff));
  EXPECT_TRUE(Runs("web"));
  EXPECT_EQ(board_.Snapshot().config.observed_generation, 1);
  Publish("web:2");
  EXPECT_TRUE(
      EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return controller_->GetProgress().converged; }));
  EXPECT_EQ(Find("web")->image, "web:2");
  EXPECT_EQ(board_.Snapshot().config.observed_generation, 2);
}

TEST_F(ControllerTest, ANewerDocumentEndsAPullInTheMiddle) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  docker_.Inject({.operation = "PullImage", .kind = Kind::kHang});
  Offer(kWeb2);
  EXPECT_TRUE(HasReason("container/web", api::kProgressing, api::reason::kPulling));
  Offer(kWebAndApp);
  EXPECT_TRUE(Converges());
  EXPECT_EQ(Find("web")->image, "web:1");
}

TEST_F(ControllerTest, APermanentErrorWaitsForAChange) {
  docker_.Inject({.operation = "CreateContainer",
                  .status = absl::InvalidArgumentError("invalid option"),
                  .times = 1000});
  Start();
  Offer(kWebOnly);
  ASSERT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_FALSE(controller_->GetProgress().converged);
  const int before = docker_.CountCalls("CreateContainer");
  for (int i = 0; i < 5; ++i) clock_.Advance(absl::Seconds(70));
  EXPECT_LE(docker_.CountCalls("CreateContainer"), before + 1);
}

// The resync is in the middle of the second look when the worker has failed and not yet backed off.
TEST_F(ControllerTest, AResyncBetweenAFailureAndItsBackOffLeavesWhatWasSaid) {
  const char resyncs[] = "spacelet_resyncs_total";
  std::atomic<int> failures = 0;
  on_warning_ = [&](const std::string& line) {
    if (!absl::StrContains(line, "reconcile failed") || ++failures > 1) return;
    const double before = Value(resyncs);
    ASSERT_GE(before, 1);
    clock_.Advance(absl::Seconds(70));
    EXPECT_TRUE(Eventually([&] { return Value(resyncs) > before; }));
  };
  Start();
  Offer(kWebOnly);
  ASSERT_TRUE(Converges());
  ASSERT_TRUE(Eventually([&] { return Value(resyncs) >= 1; }));
  docker_.Inject({.operation = "CreateContainer",
                  .status = absl::InvalidArgumentError("invalid option"),
                  .times = 1000});
  Offer(kWebAndApp);
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_TRUE(HasMessage("container/app", api::kSynced, "invalid option"));
  EXPECT_EQ(failures, 1);
}

// What Docker refuses waits for a change; a rollout has an old container to be content with.
TEST_F(ControllerTest, ANewOneBesideTheOldIsGivenUpAtOnceWhenDockerRefusesToStartIt) {
  const std::string beside =
      Replaced(kWebOnly, R"("web:1"})", R"("web:1", rollout: {strategy: StartFirst}})");
  testing::ImageProfile refused;
  refused.start_error = "no exec";
  docker_.World([&](testing::FakeEngine& engine) { return engine.Publish("web:2", refused); });
  Start();
  Offer(beside);
  ASSERT_TRUE(Converges());
  const std::string old_id = Find("web")->id;
  Offer(Replaced(beside, "web:1", "web:2"));
  const absl::Time soon = clock_.Now() + absl::Minutes(5);
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Milliseconds(100), [&] {
    const auto status = board_.Object("container/web");
    const bool given_up = status && status->last_rollout && status->last_rollout->result == "RolledBack";
    return (given_up && !Find("web.next")) || clock_.Now() > soon;
  }));
  EXPECT_LT(clock_.Now(), soon);
  EXPECT_EQ(Find("web")->id, old_id);
}

TEST_F(ControllerTest, ATransientErrorIsTriedAgainWithBackOff) {
  docker_.Inject({.operation = "CreateContainer", .status = absl::UnavailableError("500"), .times = 3});
  Start();
  Offer(kWebOnly);
  EXPECT_TRUE(HasReason("container/web", api::kSynced, api::reason::kBackOff));
  EXPECT_TRUE(
      EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return controller_->GetProgress().converged; }));
}

TEST_F(ControllerTest, ADroppedWorkloadIsRemovedAfterThePruneDelay) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  Offer(kWebOnly);
  EXPECT_TRUE(HasReason("container/app", api::kProgressing, api::reason::kPendingRemoval));
  clock_.Advance(absl::Seconds(50));
  EXPECT_TRUE(Runs("app"));
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1),
                                      [&] { return !Find("app") && !board_.Object("container/app"); }));
  EXPECT_TRUE(Converges());
}

TEST_F(ControllerTest, AddingAWorkloadAgainCancelsItsRemoval) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  const std::string id = Find("app")->id;
  Offer(kWebOnly);
  EXPECT_TRUE(HasReason("container/app", api::kProgressing, api::reason::kPendingRemoval));
  Offer(kWebAndApp);
  clock_.Advance(absl::Minutes(5));
  EXPECT_TRUE(Converges());
  EXPECT_EQ(Find("app")->id, id);
}

TEST_F(ControllerTest, ASuspendedHostIsReportedAndNotChanged) {
  Start();
  Offer(kSuspended);
  EXPECT_TRUE(HasReason("container/web", api::kSynced, api::reason::kSuspended));
  EXPECT_EQ(docker_.mutating_calls(), 0);
  Offer(kWebAndApp);
  EXPECT_TRUE(Converges());
}

TEST_F(ControllerTest, AForeignContainerOfOurNameIsNamedAndLeftAlone) {
  docker_.World([](testing::FakeEngine& engine) {
    engine.Seed("postgres:1");
    docker::CreateContainerRequest request;
    request.name = "web";
    request.config.image = "postgres:1";
    return engine.CreateContainer(request).ok();
  });
  const std::string id = Find("web")->id;
  Start();
  Offer(kWebOnly);
  EXPECT_TRUE(HasReason("container/web", api::kSynced, api::reason::kConflict));
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_EQ(Find("web")->id, id);
}

// Docker cannot take a limit away in place: whether it was the agent's own decides between a new container
// and a report, and only the agent that set it could know.
TEST_F(ControllerTest, ALimitThatAnEarlierAgentSetInPlaceIsTakenAwayByANewContainer) {
  Start();
  Offer(kWebOnly);
  ASSERT_TRUE(Converges());
  const std::string first_id = Find("web")->id;
  Offer(kLimited);
  ASSERT_TRUE(Eventually([&] { return Find("web")->resources.memory == int64_t{512} << 20; }));
  ASSERT_TRUE(Converges());
  EXPECT_EQ(Find("web")->id, first_id);

  Restart();
  Offer(kWebOnly);
  EXPECT_TRUE(Eventually([&] {
    const auto web = Find("web");
    return web && Runs("web") && !web->resources.memory;
  }));
  EXPECT_TRUE(ConvergesWhileTimeRuns());
  EXPECT_NE(Find("web")->id, first_id);
  EXPECT_TRUE(Eventually([&] { return KeepsNoLimits(); }));
}

TEST_F(ControllerTest, ALimitThatSomebodyElseSetIsReportedAlsoAfterARestart) {
  Start();
  Offer(kWebOnly);
  ASSERT_TRUE(Converges());
  const std::string id = Find("web")->id;
  Restart();
  docker::LiveResources by_hand;
  by_hand.memory = int64_t{1} << 30;
  by_hand.memory_swap = int64_t{2} << 30;
  const absl::Status updated =
      docker_.World([&](testing::FakeEngine& engine) { return engine.Update("web", by_hand, std::nullopt); });
  ASSERT_TRUE(updated.ok()) << updated;
  Offer(kWebOnly);
  EXPECT_TRUE(HasMessage("container/web", api::kSynced, api::reason::kLimitNotRemovable));
  EXPECT_EQ(Find("web")->id, id);
}

TEST_F(ControllerTest, LimitsOfAContainerThatSomebodyRemovedAreForgotten) {
  Start();
  Offer(kLimited);
  ASSERT_TRUE(Converges());
  Offer(Replaced(kLimited, "512m", "256m"));
  ASSERT_TRUE(Eventually([&] { return Find("web")->resources.memory == int64_t{256} << 20; }));
  const std::string id = Find("web")->id;
  ASSERT_TRUE(Eventually([&] { return KeepsLimitsOf(id); }));
  docker_.World([](testing::FakeEngine& engine) { return engine.Remove("web", true); }).IgnoreError();
  ASSERT_TRUE(Converges());
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(10), [&] { return KeepsNoLimits(); }));
}

TEST_F(ControllerTest, AStoppedWorkerLeavesTheContainersRunning) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  Stop();
  EXPECT_TRUE(Runs("web"));
  EXPECT_TRUE(Runs("app"));
}

TEST_F(ControllerTest, ARefusedDocumentIsACondition) {
  Start();
  Offer(kWebAndApp);
  ASSERT_TRUE(Converges());
  store_.Offer({"spec: [", "host.yaml"});
  const report::Status status = board_.Snapshot();
  const report::Condition* c = report::Find(status.conditions, api::kConfigAccepted);
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->reason, api::reason::kRejected);
  EXPECT_FALSE(controller_->GetProgress().converged);
  EXPECT_TRUE(Runs("web"));
}

}  // namespace
}  // namespace spacelet::controller

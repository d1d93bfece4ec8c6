// Rollouts that wait for a window or a splay, with all threads and a clock that a test moves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/pkg/controller/world.h"

namespace spacelet::controller {
namespace {

// The clock starts on 2023-11-14 at 22:13:20 UTC.
constexpr char kAtTwo[] = R"(windows: [{schedule: "0 2 * * *", duration: 1h}])";
constexpr char kUntilHalfPast[] = R"(windows: [{schedule: "0 22 * * *", duration: 30m}])";
const absl::Time kTwo = absl::FromUnixSeconds(1'700'013'600);

std::string Document(const std::string& web, const std::string& app, const std::string& rollout) {
  return absl::StrCat(R"(apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata: {name: test}
spec:
  containers:
    - name: web
      image: "web:)",
                      web, R"("
      readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
      rollout: {progressDeadline: 30m, )",
                      rollout, R"(}
    - {name: app, image: "app:)",
                      app, R"(", dependsOn: [web]}
)");
}

class TurnsTest : public World {
 protected:
  void Begin(const std::string& rollout) {
    Publish("app:2");
    rollout_ = rollout;
    Start();
    Offer(Document("1", "1", rollout));
    ASSERT_TRUE(Converges());
    web_ = Find("web")->id;
  }
  void Change(const std::string& app = "1") {
    Offer(Document("2", app, rollout_));
    ASSERT_TRUE(Eventually([&] { return absl::StartsWith(Progress(kWeb), "WaitingFor"); }));
    ASSERT_EQ(Value(kWaits), 1);
  }
  std::string Progress(const std::string& object) {
    const auto status = board_.Object(object);
    const report::Condition* c = status ? report::Find(status->conditions, api::kProgressing) : nullptr;
    return c == nullptr ? "" : absl::StrCat(c->reason, ": ", c->message);
  }
  // In steps that are longer than a rollout takes: nothing may begin before.
  void PassTimeUntil(absl::Time time) {
    while (clock_.Now() + absl::Minutes(1) < time) clock_.AdvanceAndAwait(absl::Minutes(1));
  }
  // In one look: it is renamed meanwhile.
  std::string IdOf(const std::string& name) {
    const auto container = Find(name);
    return container ? container->id : "";
  }
  bool IsOld() { return IdOf("web") == web_; }

  static constexpr char kWeb[] = "container/web";
  static constexpr char kWaits[] = R"(spacelet_rollout_waiting{object="container/web"})";
  std::string rollout_, web_;
};

TEST_F(TurnsTest, AClosedWindowHoldsTheRolloutUntilItOpens) {
  Begin(kAtTwo);
  Change();
  EXPECT_THAT(
      Progress(kWeb),
      ::testing::StartsWith(
          "WaitingForWindow: waits for its turn in a maintenance window to be due at 2023-11-15T02:00:00Z"));
  EXPECT_TRUE(docker_.InspectImage("web:2", {}).ok()) << "pulled beforehand";
  EXPECT_FALSE(Find("web.next"));
  PassTimeUntil(kTwo);
  EXPECT_TRUE(IsOld());
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return !IsOld(); }));
  EXPECT_GE(clock_.Now(), kTwo);
  EXPECT_LT(clock_.Now(), kTwo + absl::Hours(1));
  EXPECT_TRUE(ConvergesWhileTimeRuns());
  EXPECT_EQ(Value(kWaits), 0);
  const auto last = board_.Object(kWeb)->last_rollout;
  EXPECT_EQ(last->result, "Succeeded");
  EXPECT_GE(last->started_at, kTwo);
}

TEST_F(TurnsTest, AWaitIsToldOnce) {
  Begin(kAtTwo);
  Change();
  clock_.Advance(absl::Minutes(10));
  controller_->TryAgain();
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  int told = 0;
  for (const report::Event& e : events_.Since(0)) told += e.reason == api::reason::kWaitingForWindow;
  EXPECT_EQ(told, 1);
}

TEST_F(TurnsTest, APersonsWishToTryAgainOpensNoWindow) {
  Begin(kAtTwo);
  Change();
  controller_->TryAgain();
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_TRUE(IsOld());
}

TEST_F(TurnsTest, AnEditOfTheWindowDoes) {
  Begin(kAtTwo);
  Change();
  rollout_ = "splay: 0s";
  Offer(Document("2", "1", rollout_));
  EXPECT_TRUE(Eventually([&] { return !IsOld(); }));
}

TEST_F(TurnsTest, WhatDependsOnItWaitsWithIt) {
  Begin(kAtTwo);
  const std::string app = Find("app")->id;
  Change("2");
  EXPECT_TRUE(HasReason("container/app", api::kSynced, api::reason::kWaitingForDependency));
  EXPECT_TRUE(Eventually([&] { return controller_->GetProgress().settled; }));
  EXPECT_FALSE(controller_->GetProgress().converged);
  EXPECT_FALSE(board_.Object("container/app")->last_rollout) << "nothing has begun";
  EXPECT_EQ(Find("app")->id, app);
  PassTimeUntil(kTwo);
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] {
    const std::string id = IdOf("app");
    return !id.empty() && id != app;
  }));
  EXPECT_FALSE(IsOld()) << "the dependency went first";
  EXPECT_TRUE(ConvergesWhileTimeRuns());
}

TEST_F(TurnsTest, WhatRunsIsRepairedMeanwhile) {
  Begin(kAtTwo);
  Change();
  docker_.World([](testing::FakeEngine& engine) { return engine.Kill("web").ok(); });
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return Runs("web"); }));
  docker_.World([](testing::FakeEngine& engine) { return engine.Pause("web").ok(); });
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return Runs("web"); }));
  EXPECT_TRUE(IsOld());
}

TEST_F(TurnsTest, TheNextAgentGoesOnWaitingForTheSameTime) {
  Begin("splay: 20h");
  Change();
  const std::string waits = Progress(kWeb);
  EXPECT_THAT(waits, ::testing::StartsWith("WaitingForSplay"));
  clock_.Advance(absl::Minutes(1));
  Restart();
  EXPECT_TRUE(Eventually([&] { return Progress(kWeb) == waits; })) << waits << "\n" << Progress(kWeb);
  ASSERT_TRUE(EventuallyWhileTimeRuns(absl::Minutes(10), [&] { return !IsOld(); }));
  EXPECT_TRUE(absl::StrContains(
      waits, absl::FormatTime("at %Y-%m-%dT%H:", board_.Object(kWeb)->last_rollout->started_at,
                              absl::UTCTimeZone())))
      << waits;
}

TEST_F(TurnsTest, ARolloutThatFailsGoesBackAfterTheWindowHasClosed) {
  Begin(kUntilHalfPast);
  clock_.Advance(absl::Minutes(16));
  checker_.Break(80);
  Offer(Document("2", "1", rollout_));
  ASSERT_TRUE(Eventually([&] { return !IsOld(); })) << "22:29:20 is in the window";
  EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(5), [&] { return IsOld(); }));
  EXPECT_GT(clock_.Now(), kTwo - absl::Minutes(210)) << "after 22:30";
}

TEST_F(TurnsTest, TheTimeThatIsWaitedCountsAsCorrect) {
  Begin(kAtTwo);
  Change();
  const double wrong = Value(R"(spacelet_expected_running_seconds_total{object="container/web"})") -
                       Value(R"(spacelet_correct_running_seconds_total{object="container/web"})");
  clock_.Advance(absl::Minutes(30));
  const double expected = Value(R"(spacelet_expected_running_seconds_total{object="container/web"})");
  EXPECT_GE(expected, 1800);
  EXPECT_EQ(expected - Value(R"(spacelet_correct_running_seconds_total{object="container/web"})"), wrong);
}

}  // namespace
}  // namespace spacelet::controller

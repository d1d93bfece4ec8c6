#include "pkg/probe/prober.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <thread>
#include <variant>
#include <vector>

#include "test/testing/fake_clock.h"

namespace spacelet::probe {
namespace {

// Answers by id and remembers whom it was asked about; a target that hangs ("id" or "id@ip") blocks until it
// is let go or the prober stops.
class FakeChecker : public Checker {
 public:
  absl::Status Check(const Target& target, const api::Probe& probe, const std::stop_token& stop) override {
    std::stop_callback wake(stop, [this] {
      base::MutexLock lock(mu_);
      changed_.NotifyAll();
    });
    base::MutexLock lock(mu_);
    ips_.push_back(target.ip);
    while (Hangs(target) && !stop.stop_requested()) changed_.Wait(mu_);
    const auto* tcp = std::get_if<api::Probe::TcpSocket>(&probe.handler);
    const bool lives = tcp == nullptr || tcp->port != kLiveness || !dead_.contains(target.id);
    return good_.contains(target.id) && lives ? absl::OkStatus() : absl::UnavailableError("refused");
  }
  absl::StatusOr<double> Sample(const Target&, const DrainMetric&, const std::stop_token&) override {
    base::MutexLock lock(mu_);
    return tasks_;
  }
  void SetTasks(absl::StatusOr<double> tasks) {
    base::MutexLock lock(mu_);
    tasks_ = std::move(tasks);
  }
  void SetGood(const std::string& id, bool good) {
    base::MutexLock lock(mu_);
    good ? (void)good_.insert(id) : (void)good_.erase(id);
  }
  void Kill(const std::string& id) {
    base::MutexLock lock(mu_);
    dead_.insert(id);
  }
  void Hang(const std::string& id) {
    base::MutexLock lock(mu_);
    hung_.insert(id);
  }
  void LetGo() {
    base::MutexLock lock(mu_);
    hung_.clear();
    changed_.NotifyAll();
  }
  std::vector<std::string> ips() {
    base::MutexLock lock(mu_);
    return ips_;
  }

  static constexpr uint16_t kLiveness = 81;

 private:
  bool Hangs(const Target& target) const {
    return hung_.contains(target.id) || hung_.contains(target.id + "@" + target.ip);
  }

  base::Mutex mu_;
  base::CondVar changed_;
  std::set<std::string> good_, dead_, hung_;
  std::vector<std::string> ips_;
  absl::StatusOr<double> tasks_ = 0.0;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() {
    prober_.OnResult([this](const std::string& workload, const Result& result) {
      base::MutexLock lock(mu_);
      told_[workload].push_back(result);
      changed_.NotifyAll();
    });
    thread_ = std::jthread([this](const std::stop_token& stop) { EXPECT_TRUE(prober_.Run(stop).ok()); });
  }
  static Target TargetOf(const std::string& id, bool with_probe = true) {
    Target target;
    target.id = id;
    target.ip = "10.0.0.1";
    if (with_probe) target.readiness = api::Probe{};
    return target;
  }
  static Target WithLiveness(Target target) {
    target.liveness.emplace();
    target.liveness->handler = api::Probe::TcpSocket{FakeChecker::kLiveness};
    target.liveness->failure_threshold = 1;
    return target;
  }
  // Until this was told of the workload; other things may have been told too.
  Result Await(const std::string& workload, const std::function<bool(const Result&)>& wanted) {
    base::MutexLock lock(mu_);
    for (;; changed_.Wait(mu_))
      for (const Result& result : told_[workload])
        if (wanted(result)) return result;
  }
  Result AwaitResult(const std::string& workload, bool ready) {
    return Await(workload, [ready](const Result& r) { return r.ready == ready; });
  }
  // All workers wait for what is due next.
  void Rest() { clock_.WaitForWaiters(Prober::kWorkers); }

  testing::FakeClock clock_;
  FakeChecker checker_;
  Prober prober_{checker_, clock_};
  base::Mutex mu_;
  base::CondVar changed_;
  std::map<std::string, std::vector<Result>> told_;
  std::jthread thread_;
};

TEST_F(ProberTest, TellsWhenATargetBecomesReadyAndWhyItIsNot) {
  prober_.Watch("web", {TargetOf("1")});
  EXPECT_EQ(AwaitResult("web", false).message, "refused");
  checker_.SetGood("1", true);
  Rest();
  clock_.Advance(kFirstInterval);
  AwaitResult("web", true);
  EXPECT_TRUE(prober_.ResultOf("1")->was_ready);
  EXPECT_EQ(prober_.IsReady("web"), true);
}

TEST_F(ProberTest, KnowsSinceWhenATargetIsWatchedAndReady) {
  const base::Instant begin = clock_.Monotonic();
  prober_.Watch("web", {TargetOf("1")});
  AwaitResult("web", false);
  checker_.SetGood("1", true);
  Rest();
  clock_.Advance(absl::Seconds(5));
  AwaitResult("web", true);
  Rest();
  clock_.Advance(absl::Minutes(1));  // more successes do not begin it anew
  Rest();
  const Result result = *prober_.ResultOf("1");
  EXPECT_EQ(result.watched_since, begin);
  EXPECT_EQ(result.ready_since, begin + absl::Seconds(5));
}

TEST_F(ProberTest, ATargetWithoutProbesIsReadyAtOnce) {
  prober_.Watch("plain", {TargetOf("1", false)});
  EXPECT_TRUE(prober_.ResultOf("1")->ready);
  EXPECT_EQ(prober_.ResultOf("1")->message, "");
}

TEST_F(ProberTest, HungTargetsDoNotStarveTheOthers) {
  for (int i = 1; i < Prober::kWorkers; ++i) {
    const std::string name = "hung" + std::to_string(i);
    checker_.Hang(name);
    prober_.Watch(name, {WithLiveness(TargetOf(name))});  // two questions hold one worker
  }
  checker_.SetGood("1", true);
  prober_.Watch("web", {TargetOf("1")});
  AwaitResult("web", true);
}

TEST_F(ProberTest, NothingButRunWaitsForAHungProbe) {
  std::vector<Target> hung;
  for (int i = 0; i <= Prober::kWorkers; ++i) {
    checker_.Hang(std::to_string(i));
    hung.push_back(TargetOf(std::to_string(i)));
  }
  prober_.Watch("hung", hung);
  while (checker_.ips().size() < Prober::kWorkers) std::this_thread::yield();
  prober_.Watch("plain", {TargetOf("plain", false)});
  EXPECT_EQ(prober_.IsReady("plain"), true);
  EXPECT_EQ(prober_.ResultOf("0")->message, "not probed yet");
  prober_.Forget("hung");
  EXPECT_EQ(prober_.ResultOf("0"), std::nullopt);
}

TEST_F(ProberTest, BothPartsOfAWorkloadAreProbedAndTheFirstOneCounts) {
  checker_.SetGood("new", true);
  prober_.Watch("web", {TargetOf("old"), TargetOf("new")});
  AwaitResult("web", true);
  AwaitResult("web", false);
  Rest();
  EXPECT_FALSE(prober_.ResultOf("old")->ready);
  EXPECT_TRUE(prober_.ResultOf("new")->ready);
  EXPECT_EQ(prober_.IsReady("web"), false);
  prober_.Watch("web", {TargetOf("new")});  // has taken its place
  EXPECT_EQ(prober_.IsReady("web"), true);
  EXPECT_FALSE(prober_.ResultOf("old").has_value());
}

TEST_F(ProberTest, TheSameTargetAgainGoesOnAndAnotherStartBeginsAfresh) {
  checker_.SetGood("1", true);
  Target target = TargetOf("1");
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  prober_.Watch("web", {target});
  EXPECT_TRUE(prober_.ResultOf("1")->ready);
  checker_.Hang("1");
  target.started_at = absl::FromUnixSeconds(5);
  prober_.Watch("web", {target});
  EXPECT_FALSE(prober_.ResultOf("1")->ready);
  EXPECT_FALSE(prober_.ResultOf("1")->was_ready);
}

TEST_F(ProberTest, ALookThatIsOlderThanTheRestartChangesNothing) {
  checker_.SetGood("1", true);
  Target target = TargetOf("1"), before = target;
  target.started_at = absl::FromUnixSeconds(5);
  target.seen_at = {absl::Seconds(1)};
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  prober_.Watch("web", {before});
  EXPECT_TRUE(prober_.ResultOf("1")->ready);
}

TEST_F(ProberTest, ARestartIsAnotherLifeAlsoWhenTheClockWasSetBackBeforeIt) {
  checker_.SetGood("1", true);
  Target target = TargetOf("1");
  target.started_at = absl::FromUnixSeconds(1'000'000);
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  checker_.Hang("1");
  target.started_at -= absl::Hours(24);
  target.seen_at = {absl::Seconds(1)};
  prober_.Watch("web", {target});
  EXPECT_FALSE(prober_.ResultOf("1")->ready);
}

TEST_F(ProberTest, AgesByTheMonotonicClockWhateverTheWallClockIsSetTo) {
  Target target = TargetOf("1");
  target.started_at = clock_.Now() - absl::Seconds(30);
  prober_.Watch("web", {target});
  const base::Instant seen = clock_.Monotonic();
  clock_.SetWall(clock_.Now() - absl::Hours(24));
  prober_.Watch("web", {target});
  EXPECT_EQ(seen - prober_.ResultOf("1")->started, absl::Seconds(30));
}

TEST_F(ProberTest, AnotherAddressIsAskedAtOnceWithoutForgettingWhatWas) {
  checker_.SetGood("1", true);
  Target target = TargetOf("1");
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  Rest();
  target.ip = "10.0.0.2";
  checker_.SetGood("1", false);
  prober_.Watch("web", {target});
  while (checker_.ips().back() != "10.0.0.2") std::this_thread::yield();
  EXPECT_TRUE(prober_.ResultOf("1")->ready) << "one failure is none";
}

TEST_F(ProberTest, OtherProbesBeginAfreshExceptOnAContainerOfAnOlderDocument) {
  checker_.SetGood("1", true);
  Target target = TargetOf("1");
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  checker_.Hang("1");
  target.readiness->handler = api::Probe::TcpSocket{90};
  target.outdated = true;
  prober_.Watch("web", {target});
  EXPECT_TRUE(prober_.ResultOf("1")->ready);
  target.outdated = false;
  prober_.Watch("web", {target});
  EXPECT_FALSE(prober_.ResultOf("1")->ready);
}

TEST_F(ProberTest, AnAnswerAboutAnEarlierLifeIsDropped) {
  checker_.Hang("1@10.0.0.1");
  Target target = TargetOf("1");
  prober_.Watch("web", {target});
  while (checker_.ips().empty()) std::this_thread::yield();
  checker_.SetGood("1", true);
  target.started_at = absl::FromUnixSeconds(5);
  target.ip = "10.0.0.2";
  target.readiness->failure_threshold = 1;
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  checker_.SetGood("1", false);
  checker_.LetGo();  // "refused", says the old one
  Rest();
  EXPECT_TRUE(prober_.ResultOf("1")->ready);
}

TEST_F(ProberTest, ALivenessProbeThatGivesUpIsToldAndAnotherStartIsAliveAgain) {
  checker_.SetGood("1", true);
  Target target = WithLiveness(TargetOf("1"));
  prober_.Watch("web", {target});
  AwaitResult("web", true);
  Rest();
  checker_.Kill("1");
  clock_.Advance(absl::Seconds(10));
  const Result dead = Await("web", [](const Result& r) { return !r.unalive.empty(); });
  EXPECT_EQ(dead.unalive, "liveness probe failed: refused");
  EXPECT_TRUE(dead.ready);
  checker_.Hang("1");
  target.started_at = absl::FromUnixSeconds(5);
  prober_.Watch("web", {target});
  EXPECT_EQ(prober_.ResultOf("1")->unalive, "");
}

TEST_F(ProberTest, TheWorkOfADrainedTargetIsReadUntilItIsDone) {
  checker_.SetTasks(2.0);
  Target target = TargetOf("1", false);
  prober_.Watch("web", {target});
  EXPECT_FALSE(prober_.ResultOf("1")->work.has_value());
  target.drain = DrainMetric{3000, "/metrics", "tasks"};
  prober_.Watch("web", {target});
  Await("web", [](const Result& r) { return r.work == Work{true, 2}; });
  EXPECT_TRUE(prober_.ResultOf("1")->ready) << "it serves on";
  checker_.SetTasks(0.0);
  Rest();
  clock_.Advance(Meter::kInterval);
  Await("web", [](const Result& r) { return r.work == Work{true, 0}; });
  target.drain.reset();
  prober_.Watch("web", {target});
  EXPECT_FALSE(prober_.ResultOf("1")->work.has_value());
}

TEST_F(ProberTest, WorkThatNobodyCanReadIsUnknownAfterThreeAttempts) {
  checker_.SetTasks(absl::UnavailableError("refused"));
  Target target = TargetOf("1", false);
  target.drain = DrainMetric{3000, "/metrics", "tasks"};
  prober_.Watch("web", {target});
  for (int i = 1; i < Meter::kAttempts; ++i) {
    Rest();
    EXPECT_FALSE(prober_.ResultOf("1")->work.has_value());
    clock_.Advance(Meter::kRetry);
  }
  Await("web", [](const Result& r) { return r.work == Work{}; });
}

TEST_F(ProberTest, AForgottenTargetIsGone) {
  prober_.Watch("web", {TargetOf("1")});
  AwaitResult("web", false);
  prober_.Forget("web");
  EXPECT_FALSE(prober_.ResultOf("1").has_value());
  EXPECT_EQ(prober_.IsReady("web"), std::nullopt);
}

}  // namespace
}  // namespace spacelet::probe

#include "pkg/probe/prober.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "test/testing/fake_clock.h"

namespace spacelet::probe {
namespace {

// Answers by name; a target in `hung` blocks until it is let go or the prober stops.
class FakeChecker : public Checker {
 public:
  absl::Status Check(const Target& target, const api::Probe&, const std::stop_token& stop) override {
    std::stop_callback wake(stop, [this] {
      base::MutexLock lock(mu_);
      changed_.NotifyAll();
    });
    base::MutexLock lock(mu_);
    ++asked_[target.name];
    while (hung_.contains(target.name) && !stop.stop_requested()) changed_.Wait(mu_);
    return good_.contains(target.name) ? absl::OkStatus() : absl::UnavailableError("connection refused");
  }
  void SetGood(const std::string& name, bool good) {
    base::MutexLock lock(mu_);
    good ? (void)good_.insert(name) : (void)good_.erase(name);
  }
  void Hang(const std::string& name) {
    base::MutexLock lock(mu_);
    hung_.insert(name);
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::set<std::string> good_, hung_;
  std::map<std::string, int> asked_;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() {
    prober_.OnResult([this](const std::string& name, const Result& result) {
      base::MutexLock lock(mu_);
      results_[name] = result;
      changed_.NotifyAll();
    });
    thread_ = std::jthread([this](const std::stop_token& stop) { EXPECT_TRUE(prober_.Run(stop).ok()); });
  }
  static Target TargetOf(const std::string& name, bool with_probe = true) {
    Target target;
    target.name = name;
    target.id = "1";
    if (with_probe) target.readiness = api::Probe{};
    return target;
  }
  Result AwaitResult(const std::string& name, bool ready) {
    base::MutexLock lock(mu_);
    while (!results_.contains(name) || results_[name].ready != ready) changed_.Wait(mu_);
    return results_[name];
  }

  testing::FakeClock clock_;
  FakeChecker checker_;
  Prober prober_{checker_, clock_};
  base::Mutex mu_;
  base::CondVar changed_;
  std::map<std::string, Result> results_;
  std::jthread thread_;
};

TEST_F(ProberTest, TellsWhenATargetBecomesReadyAndWhyItIsNot) {
  prober_.Watch(TargetOf("web"));
  EXPECT_EQ(AwaitResult("web", false).message, "connection refused");
  checker_.SetGood("web", true);
  clock_.WaitForWaiters(Prober::kWorkers);
  clock_.Advance(kFirstInterval);
  AwaitResult("web", true);
  EXPECT_TRUE(prober_.ResultOf("web")->was_ready);
}

TEST_F(ProberTest, ATargetWithoutProbesIsReadyAtOnce) {
  prober_.Watch(TargetOf("plain", false));
  EXPECT_TRUE(prober_.ResultOf("plain")->ready);
}

TEST_F(ProberTest, HungTargetsDoNotStarveTheOthers) {
  for (int i = 1; i < Prober::kWorkers; ++i) {
    const std::string name = "hung" + std::to_string(i);
    checker_.Hang(name);
    prober_.Watch(TargetOf(name));
  }
  checker_.SetGood("web", true);
  prober_.Watch(TargetOf("web"));
  AwaitResult("web", true);
}

TEST_F(ProberTest, TheSameTargetAgainGoesOnAndAnotherStartBeginsAfresh) {
  checker_.SetGood("web", true);
  Target target = TargetOf("web");
  prober_.Watch(target);
  AwaitResult("web", true);
  prober_.Watch(target);
  EXPECT_TRUE(prober_.ResultOf("web")->ready);
  checker_.Hang("web");
  target.started_at = absl::FromUnixSeconds(5);
  prober_.Watch(target);
  EXPECT_FALSE(prober_.ResultOf("web")->ready);
  EXPECT_FALSE(prober_.ResultOf("web")->was_ready);
}

TEST_F(ProberTest, AForgottenTargetIsGone) {
  prober_.Watch(TargetOf("web"));
  AwaitResult("web", false);
  prober_.Forget("web");
  EXPECT_FALSE(prober_.ResultOf("web").has_value());
  EXPECT_TRUE(prober_.Results().empty());
}

}  // namespace
}  // namespace spacelet::probe

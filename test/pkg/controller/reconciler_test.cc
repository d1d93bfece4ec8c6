#include "pkg/controller/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "pkg/controller/step_reporter.h"
#include "pkg/plan/partition.h"
#include "test/pkg/controller/world.h"

namespace spacelet::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReconcilerTest : public World {
 protected:
  // Without threads: nobody looks but the test.
  ReconcilerTest() { Adopt(kWebAndApp); }
  void Adopt(const std::string& document) {
    Offer(document);
    host_ = std::make_shared<const desired::Host>(Compile(*store_.Latest()).host);
    memory_.Adopt(host_, false);
  }
  std::vector<std::string> Review(const std::string& key) {
    news_.clear();
    const plan::ObservedState snapshot = *observer_.Snapshot(*host_, {});
    reconciler_.Review(key, host_, plan::Partition(*host_, snapshot).For(key));
    return news_;
  }
  std::vector<std::string> Reconcile(const std::string& key) {
    news_.clear();
    reconciler_.Reconcile(key, {}, {});
    return news_;
  }

  std::vector<std::string> news_;
  std::shared_ptr<const desired::Host> host_;
  const Records records_{nullptr, log::Logger()};
  Memory memory_{clock_, absl::ZeroDuration()};
  Images images_{clock_, records_};
  Crashes crashes_{docker_, clock_, nullptr};
  Rollouts rollouts_{records_};
  Networks networks_{records_};
  StepReporter reporter_{memory_, records_, board_, events_, metrics_, clock_, logger_};
  execute::Executor executor_{docker_, files_, secrets_, clock_, reporter_};
  Reconciler reconciler_{crashes_,
                         observer_,
                         executor_,
                         prober_,
                         memory_,
                         images_,
                         board_,
                         events_,
                         metrics_,
                         rollouts_,
                         networks_,
                         nullptr,
                         [this](const std::string& key) { news_.push_back(key); }};
};

// Once: a worker that looks after the resync has nothing to tell, and whoever waits would wait for the next
// resync.
TEST_F(ReconcilerTest, NewsAreToldByWhoFindsThemFirst) {
  EXPECT_THAT(Review("network/harness"), ElementsAre("network/harness")) << "nobody had seen this document";
  EXPECT_THAT(Review("network/harness"), IsEmpty());
  EXPECT_THAT(Reconcile("network/harness"), IsEmpty()) << "as reviewed; it is made now";
  EXPECT_THAT(Review("network/harness"), ElementsAre("network/harness")) << "it is ready";
  EXPECT_THAT(Reconcile("network/harness"), IsEmpty());
}

TEST_F(ReconcilerTest, WhoDependsOnItIsWokenAfterTheSteps) {
  bool told = true;
  docker_.SetHook([&](const testing::Call& call) {
    if (call.operation == "CreateNetwork") told = !news_.empty();
  });
  EXPECT_THAT(Reconcile("network/harness"), ElementsAre("network/harness"));
  EXPECT_FALSE(told) << "they may need what was made";
}

// Others wait for a review, and a log may take long.
TEST_F(ReconcilerTest, AReviewLeavesAnEndThatIsNewToWhoMayReadTheLog) {
  Adopt(absl::StrReplaceAll(kWebAndApp, {{"\"web:1\"", "\"web:1\", restartPolicy: \"no\""}}));
  Reconcile("network/harness");
  while (!Runs("web")) Reconcile("container/web");
  Reconcile("container/web");
  docker_.World([](testing::FakeEngine& engine) { return engine.Exit("web", 3).ok(); });
  const plan::ObservedState snapshot = *observer_.Snapshot(*host_, {});
  const auto review = [&] {
    return reconciler_.Review("container/web", host_, plan::Partition(*host_, snapshot).For("container/web"));
  };
  const auto before = board_.Object("container/web");
  EXPECT_TRUE(review().needs_log);
  EXPECT_EQ(board_.Object("container/web"), before);
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 0);
  Reconcile("container/web");
  EXPECT_FALSE(review().needs_log);
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 1);
}

TEST_F(ReconcilerTest, WhatIsGoneConcernsWhoDependsOnItAsWell) {
  EXPECT_THAT(Review("container/other"), ElementsAre("container/other"));
  EXPECT_THAT(Reconcile("container/other"), ElementsAre("container/other"));
}

}  // namespace
}  // namespace spacelet::controller

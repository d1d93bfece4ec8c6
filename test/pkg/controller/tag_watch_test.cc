#include "pkg/controller/tag_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"

namespace spacelet::controller {
namespace {

using testing::FakeEngine;

class TagWatchTest : public ::testing::Test {
 protected:
  TagWatchTest() {
    docker_.World([](FakeEngine& engine) { return engine.Publish("web:1"); });
    host_.containers.emplace_back();
    host_.containers[0].name = "web";
    host_.containers[0].config.image = "web:1";
    host_.containers[0].auto_update_interval = kInterval;
  }

  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { watch_.Run(stop).IgnoreError(); });
  }
  // It has asked all it will ask before the clock moves.
  int Asked() {
    clock_.WaitForWaiters(1);
    return docker_.CountCalls("DistributionDigest");
  }
  plan::RemoteDigest Heard() const {
    plan::Facts facts;
    images_.FillFacts(host_.containers[0], facts);
    return facts.remote_digests["web:1"];
  }

  static constexpr absl::Duration kInterval = absl::Minutes(20);
  testing::FakeClock clock_;
  testing::FakeDocker docker_;
  secret::Redactor redactor_;
  secret::Store secrets_{clock_, redactor_};
  Records records_{nullptr, log::Logger()};
  Images images_{clock_, records_};
  desired::Host host_;
  std::atomic<bool> up_ = true;
  std::vector<std::string> news_;  // read while the watch sleeps
  TagWatch watch_{docker_,
                  secrets_,
                  clock_,
                  images_,
                  {.on_news = [this](const auto& reference,
                                     const auto& error) { news_.push_back(reference + " " + error); },
                   .docker_is_up = [this] { return up_.load(); }}};
  std::jthread thread_;
};

TEST_F(TagWatchTest, ATagIsAskedForAtOnceAndThenOncePerIntervalWithinATenth) {
  watch_.Follow(host_);
  Start();
  EXPECT_EQ(Asked(), 1);
  for (int round = 2; round < 6; ++round) {
    clock_.Advance(kInterval * 0.89);
    EXPECT_EQ(Asked(), round - 1);
    clock_.Advance(kInterval * 0.22);
    EXPECT_EQ(Asked(), round);
    clock_.Advance(absl::ZeroDuration());
  }
  EXPECT_THAT(news_, ::testing::ElementsAre("web:1 "));  // always the same digest
}

TEST_F(TagWatchTest, ATagThatMovesIsNews) {
  watch_.Follow(host_);
  Start();
  Asked();
  const std::string before = Heard().digest;
  docker_.World([](FakeEngine& engine) { return engine.Publish("web:1"); });
  clock_.Advance(kInterval * 1.11);
  Asked();
  EXPECT_NE(Heard().digest, before);
  EXPECT_NE(Heard().digest, "");
  EXPECT_THAT(news_, ::testing::ElementsAre("web:1 ", "web:1 "));
}

TEST_F(TagWatchTest, AFailureIsAFactIsToldOnceAndIsTriedAgainSooner) {
  docker_.Inject({.operation = "DistributionDigest",
                  .status = absl::PermissionDeniedError("unauthorized: authentication required"),
                  .times = 3});
  watch_.Follow(host_);
  Start();
  EXPECT_EQ(Asked(), 1);
  EXPECT_EQ(Heard().error,
            "the registry was asked in vain whether web:1 has moved: RegistryUnauthorized: unauthorized: "
            "authentication required");
  clock_.Advance(absl::Minutes(1.11));
  EXPECT_EQ(Asked(), 2);
  clock_.Advance(absl::Minutes(2.22));
  EXPECT_EQ(Asked(), 3);
  EXPECT_THAT(news_, ::testing::ElementsAre("web:1 " + Heard().error));
  clock_.Advance(absl::Minutes(4.44));
  EXPECT_EQ(Asked(), 4);
  EXPECT_EQ(Heard().error, "");
  EXPECT_NE(Heard().digest, "");
  EXPECT_EQ(news_.size(), 2u);
}

TEST_F(TagWatchTest, APersonNeedNotWait) {
  watch_.Follow(host_);
  Start();
  EXPECT_EQ(Asked(), 1);
  watch_.AskNow();
  while (docker_.CountCalls("DistributionDigest") < 2) std::this_thread::yield();
  EXPECT_EQ(Asked(), 2);
}

TEST_F(TagWatchTest, OnlyANewTagIsAskedForWhenTheDocumentChanges) {
  docker_.World([](FakeEngine& engine) { return engine.Publish("web:2"); });
  watch_.Follow(host_);
  Start();
  EXPECT_EQ(Asked(), 1);
  watch_.Follow(host_);
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(Asked(), 1);
  host_.containers[0].config.image = "web:2";
  watch_.Follow(host_);
  while (docker_.CountCalls("DistributionDigest") < 2) std::this_thread::yield();
  EXPECT_EQ(docker_.calls().back().object, "web:2");
  host_.containers[0].auto_update_interval.reset();
  watch_.Follow(host_);
  clock_.Advance(2 * kInterval);
  EXPECT_EQ(Asked(), 2);
}

TEST_F(TagWatchTest, NobodyIsAskedForATagThatMustNotBePulledOrWithoutADaemon) {
  host_.containers[0].pull_policy = api::PullPolicy::kNever;
  watch_.Follow(host_);
  Start();
  EXPECT_EQ(Asked(), 0);
  up_ = false;
  host_.containers[0].pull_policy = api::PullPolicy::kIfNotPresent;
  watch_.Follow(host_);
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(Asked(), 0);
  EXPECT_EQ(Heard(), plan::RemoteDigest());
  up_ = true;
  watch_.OnDockerUp();
  while (docker_.CountCalls("DistributionDigest") < 1) std::this_thread::yield();
  EXPECT_EQ(Asked(), 1);
}

}  // namespace
}  // namespace spacelet::controller

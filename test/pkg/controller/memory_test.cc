#include "pkg/controller/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/fake_clock.h"

namespace spacelet::controller {
namespace {

constexpr char kWeb[] = "container/web", kDb[] = "container/db";

std::shared_ptr<const desired::Host> HostOf(int64_t generation, std::map<std::string, std::string> images) {
  auto host = std::make_shared<desired::Host>();
  host->generation = generation;
  for (const auto& [name, image] : images) {
    desired::Container container;
    container.name = container.component = name;
    container.config.image = image;
    container.dependency_deadline = absl::Minutes(10);
    host->containers.push_back(container);
  }
  return host;
}

class MemoryTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  Memory memory_{clock_, absl::Seconds(60)};
};

TEST_F(MemoryTest, ANewDocumentInterruptsOnlyTheObjectsThatItChanges) {
  memory_.Adopt(HostOf(1, {{"web", "web:1"}, {"db", "db:1"}}), false);
  std::stop_source web = memory_.Begin(kWeb), db = memory_.Begin(kDb);
  memory_.Adopt(HostOf(2, {{"web", "web:2"}, {"db", "db:1"}}), false);
  EXPECT_TRUE(web.stop_requested());
  EXPECT_FALSE(db.stop_requested());
}

// Found under load: a resync published what it had seen before a worker acted.
TEST_F(MemoryTest, ALookThatBeganMeanwhileKnowsBetter) {
  memory_.Begin(kWeb);
  memory_.End(kWeb);
  const uint64_t before = memory_.looks();
  EXPECT_FALSE(memory_.LookedAtSince(kWeb, before));
  EXPECT_FALSE(memory_.LookedAtSince(kDb, before));
  memory_.Begin(kDb);
  EXPECT_TRUE(memory_.LookedAtSince(kDb, memory_.looks()));  // goes on
  memory_.End(kDb);
  EXPECT_TRUE(memory_.LookedAtSince(kDb, before));
  EXPECT_FALSE(memory_.LookedAtSince(kDb, memory_.looks()));
  memory_.Forget(kDb);  // it was seen to be gone
  EXPECT_TRUE(memory_.LookedAtSince(kDb, before));
}

TEST_F(MemoryTest, ANewDocumentEndsEveryBackOff) {
  memory_.Adopt(HostOf(1, {{"web", "web:1"}}), false);
  memory_.Hold(kWeb, absl::Minutes(1), true);
  EXPECT_EQ(memory_.Held(kWeb), absl::Minutes(1));
  EXPECT_TRUE(memory_.WaitsForChange(kWeb));
  memory_.Adopt(HostOf(2, {{"web", "web:1"}}), false);
  EXPECT_EQ(memory_.Held(kWeb), absl::ZeroDuration());
}

TEST_F(MemoryTest, AReleaseDuringALookOutlivesItsFailure) {
  memory_.Begin(kWeb);
  memory_.ReleaseAll();  // SIGHUP
  memory_.End(kWeb);
  memory_.Hold(kWeb, absl::Minutes(10), true);
  EXPECT_EQ(memory_.Held(kWeb), absl::ZeroDuration());
  memory_.Begin(kWeb);
  memory_.End(kWeb);
  memory_.Hold(kWeb, absl::Minutes(10), true);
  EXPECT_EQ(memory_.Held(kWeb), absl::Minutes(10));
}

TEST_F(MemoryTest, ALookThatFailsWithTheDocumentBeforeHoldsBackNothingOfTheNewOne) {
  memory_.Adopt(HostOf(1, {{"web", "web:1"}, {"db", "db:1"}}), false);
  memory_.Begin(kWeb);
  memory_.Begin(kDb);
  memory_.Adopt(HostOf(2, {{"web", "web:2"}, {"db", "db:1"}}), false);
  for (const char* key : {kWeb, kDb}) memory_.Hold(key, absl::Minutes(10), true);
  EXPECT_EQ(memory_.Held(kWeb), absl::ZeroDuration());
  EXPECT_EQ(memory_.Held(kDb), absl::Minutes(10)) << "as it was";
}

TEST_F(MemoryTest, TheObservedGenerationWaitsForEveryObject) {
  memory_.Adopt(HostOf(1, {{"web", "web:1"}, {"db", "db:1"}}), false);
  memory_.Record(kWeb, {.in_sync = true, .ready = true, .generation = 1});
  EXPECT_EQ(memory_.ObservedGeneration({kWeb, kDb}), 0);
  memory_.Record(kDb, {.in_sync = true, .ready = false, .generation = 1});
  EXPECT_EQ(memory_.ObservedGeneration({kWeb, kDb}), 1);
  memory_.Adopt(HostOf(2, {{"web", "web:1"}, {"db", "db:1"}}), false);
  EXPECT_EQ(memory_.ObservedGeneration({kWeb, kDb}), 0);  // not looked at with the new one yet
}

TEST_F(MemoryTest, ConvergingIsMeasuredFromTheFirstDifferenceToReady) {
  EXPECT_TRUE(memory_.Record(kWeb, {.drifted = true}).drift_began);
  clock_.Advance(absl::Seconds(3));
  EXPECT_FALSE(memory_.Record(kWeb, {.drifted = true}).drift_began);
  EXPECT_FALSE(memory_.Record(kWeb, {.in_sync = true}).converged_after.has_value());
  clock_.Advance(absl::Seconds(4));
  const News news = memory_.Record(kWeb, {.in_sync = true, .ready = true});
  EXPECT_EQ(news.converged_after, absl::Seconds(7));
  EXPECT_TRUE(news.ready_changed);
  EXPECT_FALSE(memory_.Record(kWeb, {.in_sync = true, .ready = true}).converged_after.has_value());
}

TEST_F(MemoryTest, ADependencyIsWaitedForUntilItsDeadline) {
  const auto host = HostOf(1, {{"web", "web:1"}});
  memory_.Adopt(host, false);
  EXPECT_EQ(memory_.DependencyWait(host->containers[0]), absl::Minutes(10));
  clock_.Advance(absl::Minutes(9));
  plan::ObservedState observed;
  memory_.FillFacts(kWeb, *host, observed);
  EXPECT_TRUE(observed.facts.waited_out.empty());
  clock_.Advance(absl::Minutes(1));
  memory_.FillFacts(kWeb, *host, observed);
  EXPECT_THAT(observed.facts.waited_out, ::testing::ElementsAre("web"));
}

TEST_F(MemoryTest, RestartsAreCountedFromWhenAContainerIsFirstSeen) {
  EXPECT_EQ(memory_.NewRestarts(kWeb, "1", 7), 0);
  EXPECT_EQ(memory_.NewRestarts(kWeb, "1", 9), 2);
  EXPECT_EQ(memory_.NewRestarts(kWeb, "1", 0), 0);  // started by hand
  EXPECT_EQ(memory_.NewRestarts(kWeb, "2", 1), 0);
}

TEST_F(MemoryTest, EventsDuringAndJustAfterALookAreEchoes) {
  EXPECT_FALSE(memory_.Echoes(kWeb));
  memory_.Begin(kWeb);
  EXPECT_TRUE(memory_.Echoes(kWeb));
  memory_.End(kWeb);
  EXPECT_TRUE(memory_.Echoes(kWeb));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(memory_.Echoes(kWeb));
}

}  // namespace
}  // namespace spacelet::controller

#include "pkg/workqueue/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "test/testing/fake_clock.h"

namespace spacelet::workqueue {
namespace {

class Queue : public ::testing::Test {
 protected:
  // Whether no key is ready. (Get moves keys that are due into the order before it takes the sentinel.)
  bool NothingReady() {
    queue_.Add("~sentinel");
    EXPECT_EQ(queue_.Get(), "~sentinel");
    queue_.Done("~sentinel");
    return queue_.Stats().depth == 0;
  }

  testing::FakeClock clock_;
  WorkQueue queue_{clock_};
};

TEST_F(Queue, GivesKeysInTheOrderOfTheirAdding) {
  queue_.Add("b");
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), "b");
  EXPECT_EQ(queue_.Get(), "a");
}

TEST_F(Queue, AKeyAddedTwiceRunsOnce) {
  queue_.Add("a");
  queue_.Add("a");
  EXPECT_EQ(queue_.Stats().depth, 1u);
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Done("a");
  EXPECT_TRUE(queue_.Idle());
}

TEST_F(Queue, AKeyQueuedWhileItRunsRunsOnceMore) {
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Add("a");
  queue_.Add("a");
  EXPECT_EQ(queue_.Stats().depth, 0u);  // not beside itself
  queue_.Done("a");
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Done("a");
  EXPECT_TRUE(queue_.Idle());
}

TEST_F(Queue, AKeyThatRunsDoesNotHoldUpAnother) {
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Add("a");
  queue_.Add("b");
  EXPECT_EQ(queue_.Get(), "b");
}

TEST_F(Queue, ADelayedKeyComesWhenItIsDueAndNotBefore) {
  queue_.AddAfter("a", absl::Minutes(10));
  clock_.Advance(absl::Minutes(10) - absl::Nanoseconds(1));
  EXPECT_TRUE(NothingReady());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(queue_.Get(), "a");
}

TEST_F(Queue, ADelayedKeyMovesOnlyEarlier) {
  queue_.AddAfter("a", absl::Minutes(10));
  queue_.AddAfter("a", absl::Minutes(1));
  queue_.AddAfter("a", absl::Minutes(30));
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Done("a");
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(NothingReady());
}

TEST_F(Queue, DelayedKeysThatAreDueTogetherComeInTheOrderOfTheirTimes) {
  queue_.AddAfter("late", absl::Seconds(2));
  queue_.AddAfter("zearly", absl::Seconds(1));
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(queue_.Get(), "zearly");
  EXPECT_EQ(queue_.Get(), "late");
}

TEST_F(Queue, AddAndAddAfterAreBothPending) {
  queue_.AddAfter("a", absl::Minutes(1));
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), "a");
  queue_.Done("a");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(queue_.Get(), "a");
}

TEST_F(Queue, ADelayThatEndsWhileTheKeyRunsRunsItOnceMore) {
  queue_.AddAfter("a", absl::Seconds(1));
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), "a");
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(NothingReady());
  queue_.Done("a");
  EXPECT_EQ(queue_.Get(), "a");
}

TEST_F(Queue, NoDelayIsAnAdd) {
  queue_.AddAfter("a", absl::ZeroDuration());
  queue_.AddAfter("b", -absl::Seconds(1));
  EXPECT_EQ(queue_.Stats().depth, 2u);
}

TEST_F(Queue, DelayedKeysDoNotCountAsWork) {
  queue_.AddAfter("a", absl::Seconds(1));
  EXPECT_TRUE(queue_.Idle());
  queue_.Add("b");
  EXPECT_FALSE(queue_.Idle());
  EXPECT_EQ(queue_.Get(), "b");
  EXPECT_FALSE(queue_.Idle());
  queue_.Done("b");
  EXPECT_TRUE(queue_.Idle());
}

TEST_F(Queue, AWaitingThreadIsWokenByAddByTimeAndByAnEarlierDelay) {
  std::vector<Key> got;
  std::thread worker([&] {
    while (const std::optional<Key> key = queue_.Get()) {
      got.push_back(*key);
      queue_.Done(*key);
      if (got.size() == 3) return;
    }
  });
  clock_.WaitForWaiters(1);
  queue_.AddAfter("hour", absl::Hours(1));
  queue_.AddAfter("second", absl::Seconds(1));
  queue_.Add("now");
  while (!queue_.Idle()) std::this_thread::yield();
  clock_.Advance(absl::Seconds(1));
  clock_.WaitForWaiters(1);
  clock_.Advance(absl::Hours(1));
  worker.join();
  EXPECT_EQ(got, (std::vector<Key>{"now", "second", "hour"}));
}

TEST_F(Queue, ShutDownWakesEveryoneAndIsForEver) {
  std::vector<std::thread> workers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) workers.emplace_back([&] { ended += queue_.Get() == std::nullopt ? 1 : 0; });
  clock_.WaitForWaiters(4);
  queue_.ShutDown();
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(ended, 4);
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(), std::nullopt);
}

TEST_F(Queue, SaysHowLongAKeyWaitedAndHowLongWorkTakes) {
  std::vector<absl::Duration> waited;
  queue_.OnTaken([&](absl::Duration d) { waited.push_back(d); });
  queue_.Add("a");
  queue_.Add("b");
  clock_.Advance(absl::Seconds(3));
  queue_.Get();
  clock_.Advance(absl::Seconds(2));
  queue_.Get();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(waited, (std::vector<absl::Duration>{absl::Seconds(3), absl::Seconds(5)}));
  EXPECT_EQ(queue_.Stats().unfinished_work, absl::Seconds(3 + 1));
}

TEST_F(Queue, NoKeyRunsTwiceAtOnceAndNoneIsLost) {
  constexpr int kWorkers = 4, kKeys = 3, kRounds = 2000;
  std::atomic<int> running[kKeys] = {};
  std::atomic<int> seen[kKeys] = {};  // the newest round that was queued when the key last ran
  std::atomic<int> queued[kKeys] = {};
  std::atomic<bool> overlapped = false;
  std::vector<std::jthread> workers;
  for (int w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&] {
      while (const std::optional<Key> key = queue_.Get()) {
        const int k = std::stoi(*key);
        if (running[k].fetch_add(1) != 0) overlapped = true;
        seen[k] = queued[k].load();
        running[k].fetch_sub(1);
        queue_.Done(*key);
      }
    });
  }
  for (int round = 1; round <= kRounds; ++round) {
    for (int k = 0; k < kKeys; ++k) {
      queued[k] = round;
      queue_.Add(std::to_string(k));
    }
  }
  while (!queue_.Idle()) std::this_thread::yield();
  queue_.ShutDown();
  workers.clear();
  EXPECT_FALSE(overlapped);
  for (int k = 0; k < kKeys; ++k) EXPECT_EQ(seen[k], kRounds);
}

}  // namespace
}  // namespace spacelet::workqueue

#include "pkg/base/clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "test/testing/fake_clock.h"

namespace spacelet::base {
namespace {

using testing::FakeClock;

TEST(RealClock, WaitsUntilTheDeadlineAndNotLess) {
  Mutex mu;
  CondVar cv;
  const Instant deadline = RealClock().Monotonic() + absl::Milliseconds(2);
  const MutexLock lock(mu);
  while (RealClock().Monotonic() < deadline) RealClock().WaitUntil(mu, cv, deadline);
  EXPECT_GE(RealClock().Monotonic(), deadline);
}

TEST(RealClock, ADeadlineInThePastReturnsAtOnce) {
  Mutex mu;
  CondVar cv;
  const MutexLock lock(mu);
  RealClock().WaitUntil(mu, cv, {absl::ZeroDuration()});
  RealClock().WaitUntil(mu, cv, {-absl::InfiniteDuration()});
}

TEST(RealClock, AnInfiniteWaitEndsByNotification) {
  Mutex mu;
  CondVar cv;
  bool done = false;
  std::thread notifier([&] {
    const MutexLock lock(mu);
    done = true;
    cv.NotifyAll();
  });
  {
    const MutexLock lock(mu);
    while (!done) RealClock().WaitUntil(mu, cv, InfiniteFuture());
  }
  notifier.join();
}

// A thread that waits for an instant of a clock.
class Sleeper {
 public:
  Sleeper(FakeClock& clock, absl::Duration d)
      : thread_([this, &clock, until = clock.Monotonic() + d] {
          const MutexLock lock(mu_);
          while (clock.Monotonic() < until) clock.WaitUntil(mu_, cv_, until);
        }) {}
  void Join() { thread_.join(); }

 private:
  Mutex mu_;
  CondVar cv_;
  std::thread thread_;
};

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock(absl::FromUnixSeconds(100));
  const Instant start = clock.Monotonic();
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(100));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(105));
  EXPECT_EQ(clock.Monotonic() - start, absl::Seconds(5));
}

TEST(FakeClock, ASteppedWallClockLeavesTheMonotonicOneAlone) {
  FakeClock clock;
  const Instant start = clock.Monotonic();
  clock.SetWall(absl::FromUnixSeconds(7));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(7));
  EXPECT_EQ(clock.Monotonic(), start);
}

TEST(FakeClock, AdvanceEndsTheWaitsThatAreOver) {
  FakeClock clock;
  Sleeper minute(clock, absl::Minutes(1));
  Sleeper hour(clock, absl::Hours(1));
  clock.WaitForWaiters(2);
  clock.Advance(absl::Minutes(1));
  minute.Join();
  clock.WaitForWaiters(1);  // the other one looked and waits again
  clock.Advance(absl::Minutes(59));
  hour.Join();
}

TEST(FakeClock, ManyAdvancesInARowLoseNoWaiter) {
  FakeClock clock;
  Sleeper sleeper(clock, absl::Seconds(1000));
  for (int i = 0; i < 1000; ++i) clock.Advance(absl::Seconds(1));
  sleeper.Join();
}

TEST(FakeClock, AnAdvanceThatAwaitsLetsEveryoneLookBeforeTheNext) {
  FakeClock clock;
  const Instant start = clock.Monotonic();
  Mutex mu;
  CondVar cv;
  std::vector<absl::Duration> seen;
  std::thread watcher([&] {
    const MutexLock lock(mu);
    while (seen.size() < 100) {
      clock.WaitUntil(mu, cv, InfiniteFuture());
      seen.push_back(clock.Monotonic() - start);
    }
  });
  clock.WaitForWaiters(1);
  for (int i = 0; i < 100; ++i) clock.AdvanceAndAwait(absl::Seconds(1));
  watcher.join();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[i], absl::Seconds(i + 1));
}

TEST(Instant, IsOrderedAndInfinityIsLast) {
  const Instant a = {absl::Seconds(1)};
  EXPECT_LT(a, a + absl::Nanoseconds(1));
  EXPECT_LT(a + absl::Hours(1'000'000), InfiniteFuture());
  EXPECT_EQ(InfiniteFuture() + absl::Seconds(1), InfiniteFuture());
}

}  // namespace
}  // namespace spacelet::base

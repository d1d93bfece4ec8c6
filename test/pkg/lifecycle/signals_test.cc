#include "pkg/lifecycle/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace spacelet::lifecycle {
namespace {

// As in main: before any thread starts. A thread that another test left behind would else take the signal and
// die of it.
const bool kBlocked = (BlockSignals(), true);

TEST(WaitForSignal, GivesEachOfTheThreeSignalsOnce) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ::kill(::getpid(), signal);
    EXPECT_EQ(WaitForSignal(absl::InfiniteDuration()), signal);
    EXPECT_EQ(WaitForSignal(absl::ZeroDuration()), 0);
  }
}

TEST(WaitForSignal, ASignalToTheProcessReachesTheWaiterAndNoOtherThread) {
  std::jthread other([] { ::kill(::getpid(), SIGTERM); });  // inherits the mask
  EXPECT_EQ(WaitForSignal(absl::InfiniteDuration()), SIGTERM);
}

TEST(WaitForSignal, ReturnsZeroAfterTheTimeout) {
  EXPECT_EQ(WaitForSignal(absl::Milliseconds(1)), 0);
  EXPECT_EQ(WaitForSignal(-absl::Seconds(1)), 0);
}

TEST(BlockSignals, ABrokenPipeIsAnErrorAndNotTheEnd) {
  ASSERT_TRUE(kBlocked);
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ::close(fds[0]);
  EXPECT_EQ(::write(fds[1], "x", 1), -1);
  ::close(fds[1]);
}

}  // namespace
}  // namespace spacelet::lifecycle

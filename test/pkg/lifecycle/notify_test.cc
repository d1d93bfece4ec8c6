#include "pkg/lifecycle/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>

namespace spacelet::lifecycle {
namespace {

// What systemd is to its services: a datagram socket whose name is in NOTIFY_SOCKET.
class Notify : public ::testing::Test {
 protected:
  Notify() : path_(::testing::TempDir() + "/notify." + std::to_string(::getpid())) {
    ::unlink(path_.c_str());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Notify() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    ::close(socket_);
    ::unlink(path_.c_str());
  }
  std::string Received() const {
    char buffer[4096];
    const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
    return n < 0 ? "" : std::string(buffer, static_cast<size_t>(n));
  }

  std::string path_;
  int socket_;
};

TEST_F(Notify, TellsSystemdTheStateOfTheService) {
  NotifyReady("2 of 2 workloads ready");
  EXPECT_EQ(Received(), "READY=1\nSTATUS=2 of 2 workloads ready");
  NotifyStatus("pulling");
  EXPECT_EQ(Received(), "STATUS=pulling");
  NotifyWatchdog();
  EXPECT_EQ(Received(), "WATCHDOG=1");
  NotifyStopping();
  EXPECT_EQ(Received(), "STOPPING=1");
}

TEST_F(Notify, AStatusCannotSmuggleInAnotherAssignment) {
  NotifyStatus("error\nMAINPID=1");
  EXPECT_EQ(Received(), "STATUS=error\\x0aMAINPID=1");
}

TEST_F(Notify, DoesNothingOutsideSystemd) {
  ::unsetenv("NOTIFY_SOCKET");
  NotifyReady("x");
  EXPECT_EQ(Received(), "");
}

// How a systemd of a container names it.
TEST_F(Notify, TheSocketMayHaveAnAbstractName) {
  const std::string name = "spacelet-notify." + std::to_string(::getpid());
  const int abstract = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(abstract, reinterpret_cast<const sockaddr*>(&address), length), 0);
  ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  NotifyWatchdog();
  char buffer[64];
  const ssize_t n = ::recv(abstract, buffer, sizeof buffer, 0);
  EXPECT_EQ(std::string(buffer, n < 0 ? 0 : static_cast<size_t>(n)), "WATCHDOG=1");
  ::close(abstract);
}

TEST_F(Notify, ANameThatIsTooLongIsNoProblem) {
  ::setenv("NOTIFY_SOCKET", std::string(200, '/').c_str(), 1);
  NotifyWatchdog();
}

TEST_F(Notify, ASocketThatIsGoneIsNoProblem) {
  ::unlink(path_.c_str());
  NotifyWatchdog();
}

TEST_F(Notify, TheWatchdogIsFedTwiceAsOftenAsSystemdAsks) {
  EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration());
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(WatchdogInterval(), absl::Seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), absl::Seconds(15));
}

TEST_F(Notify, AnotherProcessMayBeTheOneThatIsWatched) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration());
}

TEST_F(Notify, ATimeThatIsNoneWatchesNobody) {
  for (const char* time : {"", "0", "-5", "soon"}) {
    ::setenv("WATCHDOG_USEC", time, 1);
    EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration()) << time;
  }
}

}  // namespace
}  // namespace spacelet::lifecycle

#include "pkg/app/watchdog.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "pkg/base/unique_fd.h"
#include "test/testing/fake_clock.h"

namespace spacelet::app {
namespace {

// What systemd is to its services: a datagram socket whose name is in NOTIFY_SOCKET.
class Watchdog : public ::testing::Test {
 protected:
  Watchdog() : path_(::testing::TempDir() + "/watchdog." + std::to_string(::getpid())) {
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Watchdog() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unlink(path_.c_str());
  }
  std::string FedWith() {
    FeedWatchdog(heartbeats_);
    char buffer[64];
    const ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    return n < 0 ? "" : std::string(buffer, static_cast<size_t>(n));
  }

  std::string path_;
  base::UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  testing::FakeClock clock_;
  report::Heartbeats heartbeats_{clock_};
};

TEST_F(Watchdog, IsFedWhileEveryLoopIsInTime) {
  heartbeats_.Expect("resync", absl::Minutes(1));
  heartbeats_.Expect("events", absl::Hours(1));
  clock_.Advance(absl::Seconds(59));
  EXPECT_EQ(FedWith(), "WATCHDOG=1");
}

TEST_F(Watchdog, StarvesWhileOneLoopIsLateWhateverTheOthersDo) {
  heartbeats_.Expect("resync", absl::Minutes(1));
  heartbeats_.Expect("events", absl::Hours(1));
  clock_.Advance(absl::Seconds(61));
  EXPECT_EQ(FedWith(), "");
  heartbeats_.Expect("resync", absl::Minutes(1));
  EXPECT_EQ(FedWith(), "WATCHDOG=1");
}

}  // namespace
}  // namespace spacelet::app

#include "pkg/docker/socket_activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::docker {
namespace {

using ::testing::HasSubstr;

constexpr int kSystemd = 1, kDockerd = 4711;
const base::Instant kStart = {absl::Hours(5)};

SocketActivation Connected(int listener_pid) {
  SocketActivation socket;
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingAnswered(listener_pid);
  return socket;
}

TEST(SocketActivation, ADockerThatWasNeverThereMayBeAskedAtAnyTime) {
  SocketActivation socket;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(socket.AdmitPing(kStart).ok());
    EXPECT_TRUE(socket.AdmitCall().ok());
    socket.OnPingFailed(absl::UnavailableError("refused"));
  }
}

TEST(SocketActivation, ADaemonThatListensForItselfIsAskedAtOnceHoweverOftenItGoes) {
  SocketActivation socket = Connected(kDockerd);
  for (int i = 0; i < 3; ++i) {
    socket.OnLost();
    EXPECT_TRUE(socket.AdmitPing(kStart).ok());
    EXPECT_TRUE(socket.AdmitCall().ok());
  }
}

TEST(SocketActivation, BehindSystemdsSocketALostDockerIsAskedByOnePingOnly) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_TRUE(absl::IsUnavailable(socket.AdmitCall()));
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  const absl::Status again = socket.AdmitPing(kStart + absl::Seconds(20));
  EXPECT_TRUE(absl::IsUnavailable(again));
  EXPECT_THAT(std::string(again.message()), HasSubstr("asked in 40s"));
}

TEST(SocketActivation, StoppedTwiceWithinAMinuteItStaysStoppedUntilTheMinuteIsOver) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingAnswered(kSystemd);
  EXPECT_TRUE(socket.AdmitCall().ok());
  socket.OnLost();
  EXPECT_FALSE(socket.AdmitPing(kStart + absl::Seconds(59)).ok());
  EXPECT_TRUE(socket.AdmitPing(kStart + kActivationInterval).ok());
  EXPECT_FALSE(socket.AdmitPing(kStart + kActivationInterval + absl::Seconds(1)).ok());
}

TEST(SocketActivation, ADockerThatIsStartingIsAskedAgainWithoutDelay) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingFailed(absl::DeadlineExceededError("no answer within 3s"));
  EXPECT_TRUE(socket.AdmitPing(kStart + absl::Seconds(4)).ok());
  socket.OnPingFailed(absl::UnavailableError("connection lost"));
  EXPECT_FALSE(socket.AdmitPing(kStart + absl::Seconds(8)).ok());
}

}  // namespace
}  // namespace spacelet::docker

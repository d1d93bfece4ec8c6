#include "pkg/docker/socket_activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::docker {
namespace {

using Ping = SocketActivation::Ping;
using ::testing::HasSubstr;

constexpr int kSystemd = 1, kDockerd = 4711;
const base::Instant kStart = {absl::Hours(5)};

SocketActivation Connected(int listener_pid) {
  SocketActivation socket;
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingAnswered(listener_pid, kStart);
  return socket;
}

TEST(SocketActivation, ADockerThatWasNeverThereMayBeAskedAtAnyTime) {
  SocketActivation socket;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*socket.AdmitPing(kStart), Ping::kPlain);
    EXPECT_TRUE(socket.AdmitCall().ok());
    socket.OnPingFailed(Ping::kPlain);
  }
}

TEST(SocketActivation, ADaemonThatListensForItselfIsAskedAtOnceHoweverOftenItGoes) {
  SocketActivation socket = Connected(kDockerd);
  for (int i = 0; i < 3; ++i) {
    socket.OnLost();
    EXPECT_EQ(*socket.AdmitPing(kStart), Ping::kPlain);
    EXPECT_TRUE(socket.AdmitCall().ok());
  }
}

TEST(SocketActivation, BehindSystemdsSocketALostDockerIsAskedByOnePingOnly) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_TRUE(absl::IsUnavailable(socket.AdmitCall()));
  EXPECT_EQ(*socket.AdmitPing(kStart), Ping::kStarts);
  socket.OnPingFailed(Ping::kStarts);
  const absl::Status again = socket.AdmitPing(kStart + absl::Seconds(20)).status();
  EXPECT_TRUE(absl::IsUnavailable(again));
  EXPECT_THAT(std::string(again.message()), HasSubstr("asked in 40s"));
}

TEST(SocketActivation, StoppedTwiceWithinAMinuteItStaysStoppedUntilTheMinuteIsOver) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingAnswered(kSystemd, kStart);
  EXPECT_TRUE(socket.AdmitCall().ok());
  socket.OnLost();
  EXPECT_FALSE(socket.AdmitPing(kStart + absl::Seconds(59)).ok());
  EXPECT_EQ(*socket.AdmitPing(kStart + kActivationInterval), Ping::kStarts);
  EXPECT_FALSE(socket.AdmitPing(kStart + kActivationInterval + absl::Seconds(1)).ok());
}

TEST(SocketActivation, TheMinuteBeginsWhenDockerHasComeBack) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_EQ(*socket.AdmitPing(kStart), Ping::kStarts);
  const base::Instant back = kStart + absl::Seconds(20);  // stopping what was there took so long
  socket.OnPingAnswered(kSystemd, back);
  socket.OnLost();
  EXPECT_FALSE(socket.AdmitPing(kStart + kActivationInterval).ok());
  EXPECT_EQ(*socket.AdmitPing(back + kActivationInterval), Ping::kStarts);
}

// Behind systemd's socket, and started by this agent at kStart.
SocketActivation Started(int listener_pid = kSystemd) {
  SocketActivation socket = Connected(listener_pid);
  socket.OnLost();
  EXPECT_TRUE(socket.AdmitPing(kStart).ok());
  socket.OnPingAnswered(listener_pid, kStart);
  return socket;
}

TEST(SocketActivation, ADockerThatEndsContainersMayBeStopping) {
  SocketActivation socket = Started();
  EXPECT_EQ(socket.Doubt(kStart), absl::ZeroDuration());
  socket.OnSignal("a", kStart + absl::Seconds(5));
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(5)), kStoppingTime);
  socket.OnEnd("a", kStart + absl::Seconds(15));
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(20)), kStoppingTime - absl::Seconds(5)) << "not at once";
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(15) + kStoppingTime), absl::ZeroDuration());
  socket.OnEnd("a", kStart + absl::Seconds(40));
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(40)), absl::ZeroDuration()) << "a crash";
}

TEST(SocketActivation, WhatWasSignalledMayTakeItsTimeToEnd) {
  SocketActivation socket = Started();
  socket.OnSignal("a", kStart);
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(30)), absl::ZeroDuration())
      << "a grace period may be minutes";
  socket.OnEnd("b", kStart + absl::Seconds(30));
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(30)), absl::ZeroDuration());
  socket.OnEnd("a", kStart + absl::Seconds(30));
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(30)), kStoppingTime);
}

TEST(SocketActivation, WhatStopsStartsNothing) {
  SocketActivation socket = Started();
  socket.OnSignal("a", kStart);
  socket.OnBeginning();
  EXPECT_EQ(socket.Doubt(kStart), absl::ZeroDuration());
}

TEST(SocketActivation, AStopInDoubtIsUndoneWhenTheMinuteIsOver) {
  SocketActivation socket = Started();
  socket.OnSignal("a", kStart + absl::Seconds(5));
  socket.OnLost();
  EXPECT_EQ(socket.Doubt(kStart + absl::Seconds(6)), absl::ZeroDuration())
      << "certain: AdmitPing says the rest";
  EXPECT_FALSE(socket.AdmitPing(kStart + absl::Seconds(6)).ok());
  EXPECT_EQ(*socket.AdmitPing(kStart + kActivationInterval), Ping::kStarts);
  socket.OnPingAnswered(kSystemd, kStart + kActivationInterval);
  EXPECT_EQ(socket.Doubt(kStart + kActivationInterval), absl::ZeroDuration())
      << "the signal was another's end";
}

TEST(SocketActivation, ThereIsNoDoubtWhereDockerMayBeStartedAgainOrListensForItself) {
  SocketActivation found = Connected(kSystemd), late = Started(), itself = Started(kDockerd);
  found.OnSignal("a", kStart);
  EXPECT_EQ(found.Doubt(kStart), absl::ZeroDuration()) << "this agent has not started it";
  late.OnSignal("a", kStart + absl::Seconds(59));
  EXPECT_EQ(late.Doubt(kStart + absl::Seconds(59)), kActivationInterval - absl::Seconds(59));
  itself.OnSignal("a", kStart);
  EXPECT_EQ(itself.Doubt(kStart), absl::ZeroDuration());
}

TEST(SocketActivation, ThePingThatWaitsForADockerWhichIsStartingIsTheOnlyOne) {
  SocketActivation socket = Connected(kSystemd);
  socket.OnLost();
  EXPECT_EQ(*socket.AdmitPing(kStart), Ping::kStarts);
  for (const absl::Duration later : {absl::Seconds(4), kActivationInterval, kActivationPatience})
    EXPECT_TRUE(absl::IsUnavailable(socket.AdmitPing(kStart + later).status())) << later;
  socket.OnPingFailed(Ping::kStarts);
  EXPECT_EQ(*socket.AdmitPing(kStart + kActivationPatience), Ping::kStarts);
  socket.OnPingAnswered(kSystemd, kStart);
  EXPECT_EQ(*socket.AdmitPing(kStart + kActivationPatience), Ping::kPlain);
}

}  // namespace
}  // namespace spacelet::docker

// Connections to a Docker that may be stopping, behind a socket that would start it again.
#include "pkg/docker/engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <stop_token>
#include <thread>

#include "test/testing/fake_clock.h"
#include "test/testing/raw_server.h"

namespace spacelet::docker {
namespace {

using ::spacelet::testing::Peer;
using ::spacelet::testing::RawServer;

Event OfContainer(const std::string& action, const std::string& id = "a", const std::string& signal = "15") {
  return {.type = "container", .action = action, .actor_id = id, .attributes = {{"signal", signal}}};
}

// A daemon that says yes to all, whose socket is this test's, as docker.socket is systemd's. The engine has
// started it just now.
class EngineInDoubt : public ::testing::Test {
 protected:
  EngineInDoubt() {
    EXPECT_TRUE(engine_.Ping(nullptr, {}).ok());
    engine_.OnLost();
    EXPECT_TRUE(engine_.Ping(nullptr, {}).ok());
  }
  absl::Status Ask(const EngineCall& call = {.path = "/info"}) {
    return engine_.Call(call, stop_.get_token()).status();
  }
  absl::Status AskAtOnce() { return Ask({.path = "/info", .patient = false}); }
  // What becomes of a call that is held up, when `then` happens.
  template <typename F>
  absl::Status AskAndThen(F&& then) {
    absl::Status status = absl::UnknownError("not asked");
    std::jthread asking([&] { status = Ask(); });
    clock_.WaitForWaiters(1);
    then();
    asking.join();
    return status;
  }

  RawServer server_{[](Peer& peer, const std::string&) {
    peer.Send("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
  }};
  testing::FakeClock clock_;
  Engine engine_{*http::ParseEndpoint(server_.url()), nullptr, clock_, getpid()};
  std::stop_source stop_;
};

TEST_F(EngineInDoubt, NobodyConnectsUntilItIsCertainThatDockerWasStopped) {
  engine_.OnEvent(OfContainer("kill"));
  const size_t before = server_.requests().size();
  EXPECT_TRUE(absl::IsUnavailable(AskAndThen([&] { engine_.OnLost(); })));
  EXPECT_EQ(server_.requests().size(), before);
}

TEST_F(EngineInDoubt, NeitherDoesAPing) {
  engine_.OnEvent(OfContainer("kill"));
  absl::Status status;
  std::jthread asking([&] { status = engine_.Ping(nullptr, stop_.get_token()).status(); });
  clock_.WaitForWaiters(1);
  engine_.OnLost();
  asking.join();
  EXPECT_TRUE(absl::IsUnavailable(status)) << "the minute is not over";
}

TEST_F(EngineInDoubt, OrThatItGoesOn) {
  engine_.OnEvent(OfContainer("kill"));
  EXPECT_TRUE(AskAndThen([&] { engine_.OnEvent(OfContainer("start")); }).ok());
}

TEST_F(EngineInDoubt, OrThatItWouldHaveBeenStoppedByNow) {
  engine_.OnEvent(OfContainer("kill"));
  EXPECT_TRUE(AskAndThen([&] { clock_.Advance(kStoppingTime); }).ok());
}

TEST_F(EngineInDoubt, AStopEndsTheWait) {
  engine_.OnEvent(OfContainer("kill"));
  EXPECT_TRUE(absl::IsCancelled(AskAndThen([&] { stop_.request_stop(); })));
}

TEST_F(EngineInDoubt, WhoMayNotWaitIsTold) {
  engine_.OnEvent(OfContainer("kill"));
  EXPECT_TRUE(absl::IsUnavailable(AskAtOnce()));
  EXPECT_TRUE(absl::IsUnavailable(engine_.Call({.path = "/info"}, {}).status())) << "nobody could stop it";
}

TEST_F(EngineInDoubt, TheAgentsOwnSignalsAreNoSign) {
  ASSERT_TRUE(Ask({.method = "POST", .path = "/containers/a/stop", .signals = "a"}).ok());
  clock_.Advance(absl::Seconds(30));  // nobody read the stream meanwhile
  engine_.OnEvent(OfContainer("kill", "a"));
  EXPECT_TRUE(AskAtOnce().ok());
  engine_.OnEvent(OfContainer("kill", "b"));
  EXPECT_TRUE(absl::IsUnavailable(AskAtOnce())) << "another one's";
}

TEST_F(EngineInDoubt, UntilTheContainerIsStartedAgain) {
  ASSERT_TRUE(Ask({.method = "POST", .path = "/containers/a/restart", .signals = "a"}).ok());
  engine_.OnEvent(OfContainer("kill", "a"));
  engine_.OnEvent(OfContainer("start", "a"));
  EXPECT_TRUE(AskAtOnce().ok());
  engine_.OnEvent(OfContainer("kill", "a"));
  EXPECT_TRUE(absl::IsUnavailable(AskAtOnce()));
}

TEST_F(EngineInDoubt, NorIsASignalThatEndsNothing) {
  for (const char* signal : {"1", "10", "12"}) engine_.OnEvent(OfContainer("kill", "a", signal));
  EXPECT_TRUE(AskAtOnce().ok());
}

TEST_F(EngineInDoubt, NorAContainerThatEndsByItself) {
  engine_.OnEvent(OfContainer("die"));
  EXPECT_TRUE(AskAtOnce().ok());
}

}  // namespace
}  // namespace spacelet::docker

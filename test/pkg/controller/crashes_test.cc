#include "pkg/controller/crashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"

namespace spacelet::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "container/web";

// A container of an image that says two lines and ends at once, whenever it is started.
class CrashesTest : public ::testing::Test {
 protected:
  CrashesTest() {
    const absl::Status started = docker_.World([](testing::FakeEngine& engine) -> absl::Status {
      testing::ImageProfile profile;
      profile.exits_at_once = 3;
      profile.log_lines = {"token is s3cret", "bye"};
      engine.Seed("web:1", profile);
      docker::CreateContainerRequest request;
      request.name = "web";
      request.config.image = "web:1";
      request.config.restart_policy.name = "always";
      absl::StatusOr<std::string> id = engine.CreateContainer(request);
      return id.ok() ? engine.Start(*id).status() : id.status();
    });
    EXPECT_TRUE(started.ok()) << started;
  }
  docker::Container Live() { return docker_.Containers().at(0); }
  Crash Look(const docker::Container& live, Logs logs = Logs::kRead) {
    return crashes_.Of(kKey, "web", live, absl::Seconds(1), logs, {});
  }
  // What inspect shows between two ends, `restarts` later.
  docker::Container RunningAfter(int64_t restarts) {
    docker::Container live = Live();
    live.status = docker::ContainerStatus::kRunning;
    live.exit_code = 0;
    live.restart_count = restarts;
    live.finished_at = live.started_at - absl::Milliseconds(100);
    return live;
  }

  testing::FakeClock clock_;
  testing::FakeDocker docker_;
  Crashes crashes_{docker_, clock_, [](std::string text) {
                     return absl::StrReplaceAll(text, {{"s3cret", "***"}});
                   }};
};

TEST_F(CrashesTest, WhoMustNotAskDockerIsToldWhetherTheLogWasRead) {
  const Crash before = Look(Live(), Logs::kKnown);
  EXPECT_TRUE(before.unread);
  EXPECT_THAT(before.message, AllOf(HasSubstr("exited with code 3"), Not(HasSubstr("bye"))));
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 0);
  const Crash read = Look(Live());
  EXPECT_FALSE(read.unread);
  const Crash after = Look(Live(), Logs::kKnown);
  EXPECT_FALSE(after.unread);
  EXPECT_EQ(after.message, read.message);
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 1);
}

TEST_F(CrashesTest, EachEndIsReadFromTheLogOnce) {
  const Crash crash = Look(Live());
  EXPECT_THAT(crash.message, HasSubstr("exited with code 3"));
  EXPECT_THAT(crash.message, HasSubstr("token is *** | bye"));
  EXPECT_FALSE(crash.loops);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Look(Live()).message, crash.message);
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 1);

  docker_.World([](testing::FakeEngine& engine) { engine.Advance(absl::Seconds(1)), engine.RetryCrashed(); });
  EXPECT_THAT(Look(Live()).message, HasSubstr("restarted"));
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 2);
}

TEST_F(CrashesTest, ARunningContainerIsNotAskedForItsLog) {
  EXPECT_EQ(Look(RunningAfter(5)).message, "");  // what was before the agent is history
  EXPECT_EQ(docker_.CountCalls("TailLogs"), 0);
}

TEST_F(CrashesTest, ThreeEndsWithinTenMinutesAreALoopHoweverSlow) {
  Look(RunningAfter(0));
  for (int64_t restarts = 1; restarts <= 2; ++restarts) {
    clock_.Advance(absl::Minutes(3));
    EXPECT_FALSE(Look(RunningAfter(restarts)).loops) << restarts;
  }
  clock_.Advance(absl::Minutes(3));
  const Crash crash = Look(RunningAfter(3));
  EXPECT_TRUE(crash.loops);
  EXPECT_THAT(crash.message, HasSubstr("started again 3 times; last log lines: token is ***"));
  clock_.Advance(absl::Minutes(5));  // the first of them is over ten minutes ago
  EXPECT_FALSE(Look(RunningAfter(3)).loops);
}

TEST_F(CrashesTest, WhatWasSeenOfAnEndIsToldWhileItRunsAgain) {
  Look(RunningAfter(0));
  docker::Container ended = Live();
  ended.restart_count = 4;
  const std::string message = Look(ended).message;
  docker::Container running = RunningAfter(4);
  running.finished_at = ended.finished_at;
  running.started_at = ended.finished_at + absl::Milliseconds(800);
  EXPECT_TRUE(Look(running).loops);
  EXPECT_EQ(Look(running).message, message);
  EXPECT_THAT(message, HasSubstr("exited with code 3"));
}

TEST_F(CrashesTest, AnotherContainerBeginsAfresh) {
  Look(RunningAfter(0));
  EXPECT_TRUE(Look(RunningAfter(3)).loops);
  docker::Container other = RunningAfter(9);
  other.id = "another";
  EXPECT_FALSE(Look(other).loops);
}

TEST_F(CrashesTest, LastWordsHaveNoSecret) {
  EXPECT_EQ(crashes_.LastWords("web", Live(), {}), "last log lines: token is *** | bye");
  docker_.Inject({.operation = "TailLogs", .status = absl::UnavailableError("gone")});
  EXPECT_EQ(crashes_.LastWords("web", Live(), {}), "");
}

}  // namespace
}  // namespace spacelet::controller

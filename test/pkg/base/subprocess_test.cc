#include "pkg/base/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace spacelet::base {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::string> Output(const std::vector<std::string>& argv, const ProgramLimits& limits = {}) {
  absl::StatusOr<ProgramEnd> end = RunProgram(argv, "", limits, {});
  if (!end.ok()) return end.status();
  return std::move(end->output);
}
absl::StatusOr<std::string> Shell(const std::string& script, const ProgramLimits& limits = {}) {
  return Output({"sh", "-c", script}, limits);
}

// A process that ended may still be a zombie until somebody reaps it: that is no life.
bool Lives(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  const size_t end_of_name = text.rfind(')');
  return end_of_name != std::string::npos && text[end_of_name + 2] != 'Z' && text[end_of_name + 2] != 'X';
}

void WaitForDeath(pid_t pid) {
  while (Lives(pid)) std::this_thread::yield();  // killed already; the test's timeout is the limit
}

pid_t PidIn(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  file >> pid;
  return pid;
}

std::string TemporaryPath(const std::string& name) {
  return ::testing::TempDir() + "/subprocess_test." + std::to_string(::getpid()) + "." + name;
}

TEST(RunProgram, GivesBothStreamsAndHowItEnded) {
  const absl::StatusOr<ProgramEnd> end =
      RunProgram({"sh", "-c", "printf 'a\\000b\\n'; echo why >&2; exit 3"}, "", {}, {});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->output, std::string("a\0b\n", 4));
  EXPECT_EQ(end->errors, "why\n");
  EXPECT_EQ(ExitText(end->wait_status), "exit code 3");
  EXPECT_EQ(ExitText(RunProgram({"sh", "-c", "kill -9 $$"}, "", {}, {})->wait_status), "killed by signal 9");
}

TEST(RunProgram, PassesItsInputAndTheEndOfIt) {
  const std::string longest(kMaxProgramInput, 'x');
  EXPECT_EQ(RunProgram({"cat"}, longest, {}, {})->output, longest);
  EXPECT_TRUE(RunProgram({"true"}, longest, {}, {}).ok());  // that nobody reads it is no error
  EXPECT_EQ(RunProgram({"cat"}, longest + "x", {}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RunProgram, ThatCannotBeExecutedIsNamedWithoutItsArguments) {
  EXPECT_EQ(Output({"/no/such/program", "secret-argument"}).status(),
            absl::NotFoundError("/no/such/program: No such file or directory"));
  EXPECT_EQ(Output({"/etc/passwd"}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Output({}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RunProgram, PassesTheEnvironmentOn) {
  ::setenv("SPACELET_SUBPROCESS_TEST", "passed", 1);
  EXPECT_EQ(*Shell("echo $SPACELET_SUBPROCESS_TEST"), "passed\n");
  ::unsetenv("SPACELET_SUBPROCESS_TEST");
}

TEST(RunProgram, GivesExactlyTheEnvironmentThatIsAskedFor) {
  ::setenv("SPACELET_SUBPROCESS_TEST", "not passed", 1);
  const absl::StatusOr<ProgramEnd> end =
      RunProgram({"env"}, "", {}, {}, std::vector<std::string>{"ONE=1", "TWO=with space"});
  ::unsetenv("SPACELET_SUBPROCESS_TEST");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->output, "ONE=1\nTWO=with space\n");
}

TEST(RunProgram, StandardInputIsEmpty) { EXPECT_EQ(*Output({"cat"}), ""); }

TEST(RunProgram, LeaksNoDescriptor) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const std::string listed = *Output({"ls", "/proc/self/fd"});
  ::close(leaky);
  EXPECT_EQ(listed, "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST(RunProgram, OpensNoDescriptorForGood) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = count();
  EXPECT_TRUE(Shell("echo x").ok());
  EXPECT_FALSE(Output({"/no/such/program"}).ok());
  EXPECT_EQ(count(), before);
}

TEST(RunProgram, TheProgramHasSignalsAsItExpects) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto handler = ::signal(SIGPIPE, SIG_IGN);
  const auto status = Shell("grep -E 'SigBlk|SigIgn' /proc/self/status");
  ::signal(SIGPIPE, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_THAT(*status, HasSubstr("SigBlk:\t0000000000000000"));
  const size_t ignored = status->find("SigIgn:\t") + 8;
  EXPECT_EQ(std::stoull(status->substr(ignored, 16), nullptr, 16) & (1ull << (SIGPIPE - 1)), 0u);
}

TEST(RunProgram, OutputUpToTheCapIsGivenAndMoreIsAnError) {
  EXPECT_EQ(Shell("head -c 65536 /dev/zero")->size(), 65536u);
  EXPECT_EQ(Shell("head -c 65537 /dev/zero").status(),
            absl::OutOfRangeError("sh: more than 65536 bytes of output"));
  EXPECT_EQ(Output({"yes"}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(RunProgram, MuchStandardErrorIsNoHindrance) {
  EXPECT_EQ(*Shell("head -c 300000 /dev/zero >&2; echo x"), "x\n");
}

TEST(RunProgram, TheTimeoutKillsTheWholeGroup) {
  const std::string pid_file = TemporaryPath("timeout");
  const absl::Status status = Shell("trap '' TERM; sleep 1000 & echo $! > " + pid_file + "; wait",
                                    {.timeout = absl::Milliseconds(300)})
                                  .status();
  EXPECT_EQ(status, absl::DeadlineExceededError("sh: still running after 300ms"));
  WaitForDeath(PidIn(pid_file));
  ::unlink(pid_file.c_str());
}

TEST(RunProgram, ADescendantThatHoldsTheOutputOpenDoesNotHoldUpTheResult) {
  const std::string pid_file = TemporaryPath("descendant");
  EXPECT_EQ(*Shell("sleep 1000 & echo $! > " + pid_file + "; echo token"), "token\n");
  WaitForDeath(PidIn(pid_file));
  ::unlink(pid_file.c_str());
}

TEST(RunProgram, AProgramThatClosesItsOutputIsStillWaitedFor) {
  const absl::StatusOr<ProgramEnd> end = RunProgram({"sh", "-c", "exec >&- 2>&-; exit 5"}, "", {}, {});
  EXPECT_EQ(ExitText(end->wait_status), "exit code 5");
}

TEST(RunProgram, StopEndsIt) {
  const std::string started = TemporaryPath("stop");
  ASSERT_EQ(::mkfifo(started.c_str(), 0600), 0);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::ifstream(started).get();  // blocks until the program runs
    stop.request_stop();
  });
  EXPECT_EQ(RunProgram({"sh", "-c", "echo > " + started + "; sleep 1000"}, "", {}, stop.get_token()).status(),
            absl::CancelledError("sh: stopped"));
  EXPECT_EQ(RunProgram({"sleep", "1000"}, "", {}, stop.get_token()).status().code(),
            absl::StatusCode::kCancelled);
  ::unlink(started.c_str());
}

TEST(RunProgram, NoShellLooksAtArguments) { EXPECT_EQ(*Output({"echo", "$HOME; `id`"}), "$HOME; `id`\n"); }

}  // namespace
}  // namespace spacelet::base

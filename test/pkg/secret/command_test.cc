#include "pkg/secret/command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace spacelet::secret {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<std::string> Shell(const std::string& script, const CommandLimits& limits = {}) {
  return RunCommand({"sh", "-c", script}, limits, std::stop_token());
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
  return ::testing::TempDir() + "/command_test." + std::to_string(::getpid()) + "." + name;
}

TEST(RunCommand, GivesStandardOutputByteForByte) {
  EXPECT_EQ(*RunCommand({"printf", "%s\\n\\n", "a b"}, {}, {}), "a b\n\n");
  EXPECT_EQ(*Shell("exec printf 'x\\000y'"), std::string("x\0y", 3));
  EXPECT_EQ(*RunCommand({"true"}, {}, {}), "");
}

TEST(RunCommand, NoShellLooksAtArguments) {
  EXPECT_EQ(*RunCommand({"echo", "$HOME; `id`"}, {}, {}), "$HOME; `id`\n");
}

TEST(RunCommand, PassesTheEnvironmentOn) {
  ::setenv("SPACELET_COMMAND_TEST", "passed", 1);
  EXPECT_EQ(*Shell("echo $SPACELET_COMMAND_TEST"), "passed\n");
  ::unsetenv("SPACELET_COMMAND_TEST");
}

TEST(RunCommand, StandardInputIsEmpty) { EXPECT_EQ(*RunCommand({"cat"}, {}, {}), ""); }

TEST(RunCommand, LeaksNoDescriptor) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const std::string listed = *RunCommand({"ls", "/proc/self/fd"}, {}, {});
  ::close(leaky);
  EXPECT_EQ(listed, "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST(RunCommand, OpensNoDescriptorForGood) {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = count();
  EXPECT_TRUE(Shell("echo x").ok());
  EXPECT_FALSE(Shell("exit 1").ok());
  EXPECT_FALSE(RunCommand({"/no/such/program"}, {}, {}).ok());
  EXPECT_EQ(count(), before);
}

TEST(RunCommand, TheProgramHasSignalsAsItExpects) {
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

TEST(RunCommand, AFailureTellsExitCodeAndFirstLineOfStandardError) {
  const absl::Status status = Shell("echo 'no access' >&2; echo more >&2; exit 3").status();
  EXPECT_EQ(status, absl::FailedPreconditionError("command sh: exit code 3: no access"));
  EXPECT_EQ(Shell("exit 4").status(), absl::FailedPreconditionError("command sh: exit code 4"));
  EXPECT_EQ(Shell("kill -9 $$").status(), absl::FailedPreconditionError("command sh: killed by signal 9"));
}

TEST(RunCommand, AFailureTellsNothingOfTheSecret) {
  const absl::Status status = Shell("echo hunter2; echo '+ echo hunter2' >&2; exit 1").status();
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2")));
}

TEST(RunCommand, AProgramThatCannotBeExecutedIsNamed) {
  EXPECT_EQ(RunCommand({"/no/such/program", "secret-argument"}, {}, {}).status(),
            absl::NotFoundError("command /no/such/program: No such file or directory"));
  EXPECT_EQ(RunCommand({"/etc/passwd"}, {}, {}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(RunCommand({}, {}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RunCommand, OutputUpToTheCapIsGivenAndMoreIsAnError) {
  EXPECT_EQ(Shell("head -c 65536 /dev/zero")->size(), 65536u);
  EXPECT_EQ(Shell("head -c 65537 /dev/zero").status(),
            absl::OutOfRangeError("command sh: more than 65536 bytes of output"));
  EXPECT_EQ(RunCommand({"yes"}, {}, {}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(RunCommand, MuchStandardErrorIsNoHindrance) {
  EXPECT_EQ(*Shell("head -c 300000 /dev/zero >&2; echo x"), "x\n");
}

TEST(RunCommand, TheTimeoutKillsTheWholeGroup) {
  const std::string pid_file = TemporaryPath("timeout");
  const absl::Status status = Shell("trap '' TERM; sleep 1000 & echo $! > " + pid_file + "; wait",
                                    {.timeout = absl::Milliseconds(300)})
                                  .status();
  EXPECT_EQ(status, absl::DeadlineExceededError("command sh: still running after 300ms"));
  WaitForDeath(PidIn(pid_file));
  ::unlink(pid_file.c_str());
}

TEST(RunCommand, ADescendantThatHoldsTheOutputOpenDoesNotHoldUpTheResult) {
  const std::string pid_file = TemporaryPath("descendant");
  EXPECT_EQ(*Shell("sleep 1000 & echo $! > " + pid_file + "; echo token"), "token\n");
  WaitForDeath(PidIn(pid_file));
  ::unlink(pid_file.c_str());
}

TEST(RunCommand, AProgramThatClosesItsOutputIsStillWaitedFor) {
  EXPECT_EQ(Shell("exec >&- 2>&-; exit 5").status(),
            absl::FailedPreconditionError("command sh: exit code 5"));
}

TEST(RunCommand, StopEndsIt) {
  const std::string started = TemporaryPath("stop");
  ASSERT_EQ(::mkfifo(started.c_str(), 0600), 0);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::ifstream(started).get();  // blocks until the program runs
    stop.request_stop();
  });
  EXPECT_EQ(RunCommand({"sh", "-c", "echo > " + started + "; sleep 1000"}, {}, stop.get_token()).status(),
            absl::CancelledError("command sh: stopped"));
  EXPECT_EQ(RunCommand({"sleep", "1000"}, {}, stop.get_token()).status().code(),
            absl::StatusCode::kCancelled);
  ::unlink(started.c_str());
}

}  // namespace
}  // namespace spacelet::secret

#include "pkg/state/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/strings/str_cat.h"

namespace spacelet::state {
namespace {

namespace fs = std::filesystem;

class LockTest : public ::testing::Test {
 protected:
  LockTest() {
    std::string pattern = ::testing::TempDir() + "/lock_test.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/run/agent.lock";
  }
  ~LockTest() override { fs::remove_all(directory_); }

  std::string Content() const {
    std::ifstream file(path_);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }

  std::string directory_, path_;
};

TEST_F(LockTest, IsHeldByOneAndNamesItsPid) {
  const auto lock = Lock::Acquire(path_);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(Content(), absl::StrCat(::getpid(), "\n"));
  EXPECT_EQ(Lock::Acquire(path_).status(),
            absl::AlreadyExistsError(absl::StrCat("lock ", path_, ": held by process ", ::getpid())));
}

TEST_F(LockTest, EndsWithItsObjectAndLeavesTheFile) {
  { ASSERT_TRUE(Lock::Acquire(path_).ok()); }
  EXPECT_EQ(Content(), "");
  EXPECT_TRUE(Lock::Acquire(path_).ok());
}

TEST_F(LockTest, MovesWithItsOwner) {
  std::optional<Lock> lock;
  {
    auto acquired = Lock::Acquire(path_);
    ASSERT_TRUE(acquired.ok());
    lock = *std::move(acquired);
  }
  EXPECT_EQ(Lock::Acquire(path_).status().code(), absl::StatusCode::kAlreadyExists);
  lock.reset();
  EXPECT_TRUE(Lock::Acquire(path_).ok());
}

TEST_F(LockTest, EndsWhenItsProcessIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = Lock::Acquire(path_);
    [[maybe_unused]] const ssize_t n = ::write(ready[1], "x", 1);
    while (true) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(Lock::Acquire(path_).status(),
            absl::AlreadyExistsError(absl::StrCat("lock ", path_, ": held by process ", child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(Lock::Acquire(path_).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(LockTest, AStaleFileIsNoLock) {
  fs::create_directories(directory_ + "/run");
  std::ofstream(path_) << "1\n";
  EXPECT_TRUE(Lock::Acquire(path_).ok());
}

TEST_F(LockTest, AHolderWithoutPidIsAnotherProcess) {
  const auto lock = Lock::Acquire(path_);
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  EXPECT_EQ(Lock::Acquire(path_).status(),
            absl::AlreadyExistsError(absl::StrCat("lock ", path_, ": held by another process")));
}

TEST_F(LockTest, APathThatCannotBeAFileIsAnErrorThatNamesIt) {
  fs::create_directories(path_);
  const absl::Status status = Lock::Acquire(path_).status();
  EXPECT_EQ(status, absl::UnavailableError(absl::StrCat("lock ", path_, ": Is a directory")));
  std::ofstream(directory_ + "/file") << "";
  EXPECT_EQ(Lock::Acquire(directory_ + "/file/agent.lock").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace spacelet::state

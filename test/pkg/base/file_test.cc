#include "pkg/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace spacelet::base {
namespace {

namespace fs = std::filesystem;

class File : public ::testing::Test {
 protected:
  File() {
    std::string pattern = ::testing::TempDir() + "/file_test.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~File() override { fs::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Write(const std::string& name, const std::string& bytes) const { std::ofstream(Path(name)) << bytes; }
  mode_t Mode(const std::string& name) const {
    return static_cast<mode_t>(fs::status(Path(name)).permissions()) & 07777;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename());
    return names;
  }

  std::string directory_;
};

using ReadFileTest = File;
using WriteFileTest = File;
using MakeDirectoriesTest = File;

TEST_F(ReadFileTest, GivesBytesAndStamp) {
  const std::string bytes("a\0b\n", 4);
  Write("f", bytes);
  const auto content = ReadFile(Path("f"), 4);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->bytes, bytes);
  EXPECT_EQ(content->stamp.size, 4u);
  EXPECT_EQ(content->stamp, *StampFile(Path("f")));
}

TEST_F(ReadFileTest, FollowsSymlinks) {
  Write("f", "x");
  fs::create_symlink("f", Path("link"));
  EXPECT_EQ(ReadFile(Path("link"), 10)->bytes, "x");
}

TEST_F(ReadFileTest, AnEmptyFileIsEmpty) {
  Write("f", "");
  EXPECT_EQ(ReadFile(Path("f"), 10)->bytes, "");
}

TEST_F(ReadFileTest, AnAbsentFileIsNotFoundAndNamed) {
  const absl::Status status = ReadFile(Path("f"), 10).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "open " + Path("f") + ": No such file or directory");
}

TEST_F(ReadFileTest, ALargerFileIsOutOfRange) {
  Write("f", "12345");
  EXPECT_EQ(ReadFile(Path("f"), 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReadFile("/proc/self/mountinfo", 4).status().code(),
            absl::StatusCode::kOutOfRange);  // its stat says 0
}

TEST_F(ReadFileTest, AnythingButARegularFileIsRefusedWithoutBlocking) {
  fs::create_directory(Path("directory"));
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  Path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  for (const std::string& path :
       {Path("directory"), Path("fifo"), Path("socket"), std::string("/dev/zero")}) {
    EXPECT_EQ(ReadFile(path, 10).status().code(), absl::StatusCode::kFailedPrecondition) << path;
  }
  ::close(socket);
}

TEST_F(ReadFileTest, ALoopOfSymlinksIsAnError) {
  fs::create_symlink("loop", Path("loop"));
  EXPECT_EQ(ReadFile(Path("loop"), 10).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(WriteFileTest, WritesBytesAndExactModeAndNothingElse) {
  const mode_t umask = ::umask(0077);
  const absl::Status status = WriteFileAtomically(Path("f"), "content", 0644);
  ::umask(umask);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ReadFile(Path("f"), 100)->bytes, "content");
  EXPECT_EQ(Mode("f"), 0644u);
  EXPECT_EQ(Names(), std::vector<std::string>{"f"});
}

TEST_F(WriteFileTest, ReplacesAFileByANewInode) {
  Write("f", "old");
  const uint64_t inode = StampFile(Path("f"))->inode;
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "new", 0600).ok());
  EXPECT_EQ(ReadFile(Path("f"), 100)->bytes, "new");
  EXPECT_NE(StampFile(Path("f"))->inode, inode);
}

TEST_F(WriteFileTest, SetsTheOwner) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "x", 0600, 1234, 4321).ok());
  EXPECT_EQ(StampFile(Path("f"))->uid, 1234u);
  EXPECT_EQ(StampFile(Path("f"))->gid, 4321u);
}

TEST_F(WriteFileTest, AFailureLeavesTheOldFileAndNoTemporary) {
  fs::create_directory(Path("occupied"));
  EXPECT_FALSE(WriteFileAtomically(Path("occupied"), "x", 0600).ok());
  EXPECT_EQ(Names(), std::vector<std::string>{"occupied"});
}

TEST_F(WriteFileTest, AFullDiskLeavesTheOldFileAndNoTemporary) {
  Write("f", "old");
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteFileAtomically(Path("f"), std::string(100, 'x'), 0600);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ReadFile(Path("f"), 100)->bytes, "old");
  EXPECT_EQ(Names(), std::vector<std::string>{"f"});
}

TEST_F(WriteFileTest, AnAbsentDirectoryIsNotFound) {
  EXPECT_EQ(WriteFileAtomically(Path("no/f"), "x", 0600).code(), absl::StatusCode::kNotFound);
}

TEST_F(MakeDirectoriesTest, MakesAllWithTheExactModeAndKeepsExistingOnes) {
  const mode_t umask = ::umask(0077);
  ASSERT_TRUE(MakeDirectories(Path("a"), 0700).ok());
  ASSERT_TRUE(MakeDirectories(Path("a/b//c/"), 0755).ok());
  ASSERT_TRUE(MakeDirectories(Path("a/b/c"), 0700).ok());
  ::umask(umask);
  EXPECT_EQ(Mode("a"), 0700u);
  EXPECT_EQ(Mode("a/b"), 0755u);
  EXPECT_EQ(Mode("a/b/c"), 0755u);
}

TEST_F(MakeDirectoriesTest, AFileInTheWayIsAFailedPrecondition) {
  Write("f", "");
  EXPECT_EQ(MakeDirectories(Path("f"), 0755).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MakeDirectories(Path("f/a"), 0755).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace spacelet::base

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "pkg/base/file.h"
#include "pkg/execute/execute.h"

namespace spacelet::testing {
namespace {

class HostFiles : public ::testing::Test {
 protected:
  HostFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spacelet-files-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~HostFiles() override { std::filesystem::remove_all(directory_); }
  static mode_t Mode(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  }
  static uid_t OwnerOf(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_uid : static_cast<uid_t>(-1);
  }
  std::string directory_;
  execute::LocalFiles& files_ = execute::HostFiles();
};

TEST_F(HostFiles, APoolFileIsWrittenForItsReaderOnly) {
  const std::string path = directory_ + "/.spacelet/pool-1.yaml";
  ASSERT_TRUE(files_.WritePoolFile({{path, "version: \"1\"\n", "hash", ""}}).ok());
  EXPECT_EQ(base::ReadFile(path, 100)->bytes, "version: \"1\"\n");
  EXPECT_EQ(Mode(path), 0600u);
  EXPECT_EQ(Mode(directory_ + "/.spacelet"), 0700u);
}

TEST_F(HostFiles, RemovingAPoolFileThatIsGoneIsNoError) {
  EXPECT_TRUE(files_.RemovePoolFile({directory_ + "/pool-2.yaml"}).ok());
}

// A container that has the directory may put a link in the place of the agent's own one below it.
TEST_F(HostFiles, ALinkInThePlaceOfADirectoryIsNotFollowed) {
  const std::string target = directory_ + "/target", link = directory_ + "/.spacelet";
  ASSERT_TRUE(files_.CreateDirectory({target, 0755, ""}).ok());
  ASSERT_TRUE(files_.WriteFile(target + "/pool-1.yaml", "somebody else's").ok());
  const uid_t before = OwnerOf(target);
  for (const std::string& leads_to : {target, directory_ + "/nowhere"}) {
    std::filesystem::remove(link);
    std::filesystem::create_directory_symlink(leads_to, link);
    for (const absl::Status& refused :
         {files_.CreateDirectory({link, 0700, "65534:65534"}),
          files_.WritePoolFile({{link + "/pool-2.yaml", "version: \"1\"\n", "hash", "65534:65534"}}),
          files_.RemovePoolFile({link + "/pool-1.yaml"})}) {
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
      EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr(link + " is a symbolic link"));
    }
  }
  EXPECT_EQ(OwnerOf(target), before);
  EXPECT_EQ(Mode(target), 0755u);
  EXPECT_EQ(base::ReadFile(target + "/pool-1.yaml", 100)->bytes, "somebody else's");
  EXPECT_FALSE(std::filesystem::exists(target + "/pool-2.yaml"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/nowhere"));
}

TEST_F(HostFiles, AFileThatCannotBeWrittenIsCalledByItsName) {
  const absl::Status status =
      files_.WritePoolFile({{directory_ + "/" + std::string(300, 'x'), "", "hash", ""}});
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(directory_ + "/.xxx"));
}

TEST_F(HostFiles, OnlyTheNewestCopiesAreKeptAndNothingElseIsTouched) {
  const auto age = std::filesystem::file_time_type::clock::now();
  int hours = 3;
  for (const char* name :
       {"database-a.sqlite3", "database-b.sqlite3", "database-c.sqlite3", "database.sqlite3"}) {
    ASSERT_TRUE(files_.WriteFile(directory_ + "/" + name, name).ok());
    std::filesystem::last_write_time(directory_ + "/" + name, age - std::chrono::hours(hours--));
  }
  ASSERT_TRUE(files_.KeepNewest(directory_ + "/database-c.sqlite3", 2).ok());
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/database-a.sqlite3"));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/database-b.sqlite3"));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/database-c.sqlite3"));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/database.sqlite3"));
}

// A database that a newer version has changed makes room for its copy, wherever this is interrupted.
TEST_F(HostFiles, AFileIsPutBackAndTheOtherOneIsKept) {
  const plan::PutBackFile op = {directory_ + "/copy", directory_ + "/database", directory_ + "/migrated"};
  ASSERT_TRUE(files_.WriteFile(op.copy, "before").ok());
  ASSERT_TRUE(files_.WriteFile(op.path, "changed").ok());
  ASSERT_TRUE(files_.WriteFile(op.path + "-wal", "more").ok());
  ASSERT_EQ(chmod(op.path.c_str(), 0640), 0);
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(files_.PutBack(op).ok());
    EXPECT_EQ(base::ReadFile(op.path, 100)->bytes, "before");
    EXPECT_EQ(base::ReadFile(op.aside, 100)->bytes, "changed");
    EXPECT_EQ(base::ReadFile(op.aside + "-wal", 100)->bytes, "more");
    EXPECT_FALSE(std::filesystem::exists(op.path + "-wal"));
    EXPECT_EQ(Mode(op.path), 0640u);
    std::filesystem::remove(op.path);  // as if it had died between the two
  }
}

TEST_F(HostFiles, WithoutACopyNothingIsMoved) {
  const plan::PutBackFile op = {directory_ + "/copy", directory_ + "/database", directory_ + "/migrated"};
  ASSERT_TRUE(files_.WriteFile(op.path, "changed").ok());
  EXPECT_TRUE(absl::IsNotFound(files_.PutBack(op)));
  EXPECT_TRUE(std::filesystem::exists(op.path));
}

TEST_F(HostFiles, ADirectoryIsMadeWithItsMode) {
  ASSERT_TRUE(files_.CreateDirectory({directory_ + "/a/b", 0700, ""}).ok());
  EXPECT_EQ(Mode(directory_ + "/a/b"), 0700u);
}

}  // namespace
}  // namespace spacelet::testing

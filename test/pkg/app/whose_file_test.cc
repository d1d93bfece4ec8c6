#include "pkg/app/whose_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

namespace fs = std::filesystem;

class WhoseFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_);
    fs::permissions(root_, fs::perms(0755));
    std::ofstream(path_) << "text";
    fs::permissions(path_, fs::perms(0644));
  }
  void TearDown() override { fs::remove_all(root_); }

  static std::string Whose(const std::string& path) {
    const absl::Status status = CheckWhoseFile(path, "who then decides");
    return status.ok() ? "" : std::string(status.message());
  }

  const std::string root_ = fs::canonical(::testing::TempDir()).string() + "/" +
                            fs::path(testing::TemporaryPath("whose")).filename().string();
  const std::string path_ = root_ + "/file";
};

TEST_F(WhoseFileTest, OthersMayNotWriteItOrReplaceIt) {
  EXPECT_EQ(Whose(path_), "");
  fs::permissions(path_, fs::perms(0664));
  EXPECT_EQ(Whose(path_),
            path_ + " can be written by others (mode 0664), who then decides; run: chmod go-w " + path_);
  fs::permissions(path_, fs::perms(0646));
  EXPECT_EQ(Whose(path_),
            path_ + " can be written by others (mode 0646), who then decides; run: chmod go-w " + path_);
  fs::permissions(path_, fs::perms(0644));
  fs::permissions(root_, fs::perms(0775));
  EXPECT_EQ(Whose(path_),
            root_ + " can be written by others (mode 0775), who then decides; run: chmod go-w " + root_);
  fs::permissions(root_, fs::perms(01777));  // as /tmp: nobody can replace another's file
  EXPECT_EQ(Whose(path_), "");
  EXPECT_TRUE(absl::IsNotFound(CheckWhoseFile(root_ + "/absent", "")));
}

TEST_F(WhoseFileTest, ALinkIsAsGoodAsItsDirectoryAndItsTarget) {
  fs::create_directories(root_ + "/open");
  fs::permissions(root_ + "/open", fs::perms(0777));
  fs::create_symlink(path_, root_ + "/open/link");
  EXPECT_NE(Whose(root_ + "/open/link"), "");
  fs::create_symlink(path_, root_ + "/link");
  EXPECT_EQ(Whose(root_ + "/link"), "");
  std::ofstream(root_ + "/open/file") << "text";
  fs::create_symlink("open/file", root_ + "/outward");
  EXPECT_NE(Whose(root_ + "/outward"), "");
}

TEST_F(WhoseFileTest, AnotherUserMayNotOwnIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(path_.c_str(), 1000, 1000), 0);
  EXPECT_EQ(Whose(path_), path_ + " belongs to user 1000, who then decides; run: chown root: " + path_);
}

}  // namespace
}  // namespace spacelet::app

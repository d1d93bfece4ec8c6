#include "pkg/doctor/host.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "pkg/base/unique_fd.h"
#include "test/testing/temporary.h"

namespace spacelet::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A root file tree with some of a machine's files.
class Machine : public ::testing::Test {
 protected:
  Machine() : root_(testing::TemporaryPath("machine")) { std::filesystem::create_directories(root_); }
  ~Machine() override { std::filesystem::remove_all(root_); }
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string root_;
};

TEST_F(Machine, TheFirmwareNamesTheCloud) {
  EXPECT_EQ(ReadCloud(root_), Cloud::kNone);
  Write("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  EXPECT_EQ(ReadCloud(root_), Cloud::kEc2);
  Write("/sys/class/dmi/id/sys_vendor", "Google\n");
  Write("/sys/class/dmi/id/product_name", "Google Compute Engine\n");
  EXPECT_EQ(ReadCloud(root_), Cloud::kGce);
}

TEST_F(Machine, MemoryIsThatOfTheKernel) {
  Write("/proc/meminfo", "MemTotal:        4096 kB\nMemFree:  1 kB\nMemAvailable:    2048 kB\n");
  EXPECT_EQ(ReadResources(root_).memory_total, 4 << 20);
  EXPECT_EQ(ReadResources(root_).memory_available, 2 << 20);
  EXPECT_GT(ReadResources(root_).cpus, 0);
}

TEST_F(Machine, WithoutCloudInitNothingIsSaidOfIt) { EXPECT_FALSE(ReadCloudInit(root_).installed); }

TEST_F(Machine, CloudInitsErrorsAreTakenFromAllStagesAndOnce) {
  Write("/var/lib/cloud/data/result.json",
        R"({"v1":{"datasource":"DataSourceEc2Local","errors":["a","b"]}})");
  Write(
      "/var/lib/cloud/data/status.json",
      R"({"v1":{"datasource":"DataSourceEc2Local","stage":null,"init":{"errors":["a"]},"modules-final":{"errors":["c"]}}})");
  const CloudInitFacts facts = ReadCloudInit(root_);
  EXPECT_TRUE(facts.installed);
  EXPECT_TRUE(facts.finished);
  EXPECT_EQ(facts.datasource, "DataSourceEc2Local");
  EXPECT_THAT(facts.errors, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(facts.has_user_data);
}

TEST_F(Machine, WhileCloudInitIsAtWorkThereIsNoResult) {
  Write("/var/lib/cloud/data/status.json",
        R"({"v1":{"datasource":"DataSourceNone","stage":"modules-final"}})");
  Write("/var/lib/cloud/instance/user-data.txt", "#cloud-config\n");
  const CloudInitFacts facts = ReadCloudInit(root_);
  EXPECT_FALSE(facts.finished);
  EXPECT_TRUE(facts.has_user_data);
  EXPECT_EQ(facts.datasource, "DataSourceNone");
}

TEST_F(Machine, FilesOfCloudInitThatAreNoJsonAreNoCrash) {
  for (const char* text : {"", "{", "[]", R"({"v1":7})", R"({"v1":{"errors":{"a":1},"init":[1]}})"}) {
    Write("/var/lib/cloud/data/result.json", text);
    EXPECT_THAT(ReadCloudInit(root_).errors, IsEmpty()) << text;
  }
}

TEST_F(Machine, ADirectoryTellsWhoMayDoWhat) {
  std::filesystem::permissions(root_, std::filesystem::perms(0711));
  const DirectoryFacts facts = LookAtDirectory(root_);
  EXPECT_TRUE(facts.exists && facts.is_directory && facts.writable);
  EXPECT_FALSE(facts.read_only);
  EXPECT_EQ(facts.mode, 0711u);
  EXPECT_EQ(facts.owner, UserName(geteuid()));
  EXPECT_NE(facts.file_system, "");
  EXPECT_FALSE(LookAtDirectory(root_ + "/no/such").exists);
  Write("/file", "x");
  EXPECT_FALSE(LookAtDirectory(root_ + "/file").is_directory);
}

TEST_F(Machine, TheDiskOfWhatIsNotThereYetIsThatOfItsParent) {
  const DiskFacts facts = LookAtDisk("the state directory", root_ + "/not/yet");
  EXPECT_EQ(facts.path, root_);
  EXPECT_EQ(facts.device, LookAtDisk("", root_).device);
  EXPECT_GT(facts.total, 0u);
}

TEST_F(Machine, TheHolderOfALockIsFoundWithoutTakingIt) {
  Write("/lock", "");
  EXPECT_EQ(LockHolder(root_ + "/lock"), 0);
  const base::UniqueFd fd(::open((root_ + "/lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(fd.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(LockHolder(root_ + "/lock"), getpid());
  EXPECT_EQ(LockHolder(root_ + "/none"), 0);
}

TEST(Clock, TheKernelHasAnOpinion) { EXPECT_NE(ReadClock().sync, ClockFacts::Sync::kUnknown); }

TEST(Users, AreNamedOrNumbered) {
  EXPECT_EQ(UserName(0), "root");
  EXPECT_EQ(GroupName(0), "root");
  EXPECT_EQ(UserName(4'000'000'000u), "4000000000");
  EXPECT_FALSE(IsMember("nobody", 0));
}

}  // namespace
}  // namespace spacelet::doctor

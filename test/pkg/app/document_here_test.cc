#include "pkg/app/document_here.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pkg/state/state.h"
#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

DoctorOptions HostWith(const std::string& source) {
  DoctorOptions options;
  options.state_dir = testing::TemporaryPath("document_here");
  options.file = options.state_dir + "/host.yaml";
  const state::Directory state(options.state_dir);
  EXPECT_TRUE(state.Prepare().ok());
  EXPECT_TRUE(state
                  .SaveLastGood({.bytes = "kept",
                                 .revision = "r",
                                 .source = source,
                                 .commit = "c1",
                                 .file_name = "hosts@c1:fleet/base.yaml",
                                 .files = {{"pool.yaml", "pool"}}})
                  .ok());
  std::ofstream(options.file) << "file";
  return options;
}

TEST(DocumentHere, IsWhatTheAgentTookFromGitWithWhatLiesBesideIt) {
  const DoctorOptions options = HostWith("git+file:///srv/hosts//fleet/base.yaml");
  const absl::StatusOr<source::Version> version = DocumentHere(options);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->bytes, "kept");
  EXPECT_EQ(version->commit, "c1");
  EXPECT_EQ(version->file_name, "hosts@c1:fleet/base.yaml");
  EXPECT_EQ(*version->read("pool.yaml"), "pool");
  EXPECT_TRUE(absl::IsNotFound(version->read("other.yaml").status()));
}

TEST(DocumentHere, IsTheFileWhereThatIsAskedForOrWatched) {
  DoctorOptions options = HostWith("git+file:///srv/hosts//fleet/base.yaml");
  options.asked = true;
  EXPECT_EQ(DocumentHere(options)->bytes, "file");
  options = HostWith("/etc/spacelet/host.yaml");
  EXPECT_EQ(DocumentHere(options)->bytes, "file");
}

}  // namespace
}  // namespace spacelet::app

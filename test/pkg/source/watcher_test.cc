#include "pkg/source/watcher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/testing/temporary.h"

namespace spacelet::source {
namespace {

class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() { std::filesystem::create_directories(inner_); }
  ~WatcherTest() override { std::filesystem::remove_all(outer_); }

  // The kernel has queued what happened when the call that did it returns.
  std::vector<FileEvent> Write(const std::string& path) {
    std::ofstream(path, std::ios::app) << "more";
    return watcher_.Wait(absl::ZeroDuration());
  }

  const std::string outer_ = testing::TemporaryPath("watcher"), inner_ = outer_ + "/inner";
  Watcher watcher_{true};
};

TEST_F(WatcherTest, AWriteIsAnEventOnlyWhereItMatters) {
  watcher_.Arm({outer_, inner_}, {inner_});
  ASSERT_EQ(Write(outer_ + "/log").size(), 1u);  // it was created
  EXPECT_TRUE(Write(outer_ + "/log").empty());
  Write(inner_ + "/host.yaml");
  const std::vector<FileEvent> events = Write(inner_ + "/host.yaml");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[0].written);
  EXPECT_TRUE(events[1].closed);
  EXPECT_EQ(events[1].directory, inner_);
}

TEST_F(WatcherTest, WhereItMattersMayChange) {
  watcher_.Arm({outer_, inner_}, {inner_});
  watcher_.Arm({outer_, inner_}, {outer_});
  Write(outer_ + "/host.yaml");
  EXPECT_EQ(Write(outer_ + "/host.yaml").size(), 2u);
  Write(inner_ + "/log");
  EXPECT_TRUE(Write(inner_ + "/log").empty());
}

}  // namespace
}  // namespace spacelet::source

#include "pkg/base/resolve_path.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/testing/temporary.h"

namespace spacelet::base {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ResolvePathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ + "/real/below");
    fs::create_symlink(root_ + "/real", root_ + "/absolute");
    fs::create_symlink("real/below", root_ + "/relative");
    fs::create_symlink("absolute/below", root_ + "/chain");
    fs::create_symlink("loop", root_ + "/loop");
    fs::create_symlink(root_ + "/nowhere", root_ + "/dangling");
    fs::create_symlink("/", root_ + "/real/root");
  }
  void TearDown() override { fs::remove_all(root_); }

  const std::string root_ = fs::canonical(::testing::TempDir()).string() + "/" +
                            fs::path(testing::TemporaryPath("resolve")).filename().string();
};

TEST_F(ResolvePathTest, APathIsWalkedAsTheKernelDoes) {
  const struct {
    std::string path, end;
  } kRows[] = {
      {"/", "/"},
      {"//", "/"},
      {"/..", "/"},
      {root_ + "/real//./below/", root_ + "/real/below"},
      {root_ + "/real/below/../x", root_ + "/real/x"},
      {root_ + "/absolute/x", root_ + "/real/x"},
      {root_ + "/relative", root_ + "/real/below"},
      {root_ + "/relative/..", root_ + "/real"},  // not root_: the link is followed first
      {root_ + "/chain/y", root_ + "/real/below/y"},
      {root_ + "/dangling/z", root_ + "/nowhere/z"},
      {root_ + "/absent/../real", root_ + "/real"},
      {root_ + "/absent/../../../../../../../../etc/shadow", "/etc/shadow"},
      {root_ + "/real/root/etc/shadow", "/etc/shadow"},
  };
  for (const auto& row : kRows) {
    const auto resolved = ResolvePath(row.path);
    ASSERT_TRUE(resolved.ok()) << row.path << ": " << resolved.status();
    EXPECT_EQ(*resolved, row.end) << row.path;
  }
}

TEST_F(ResolvePathTest, WhatLeadsNowhereIsAnError) {
  EXPECT_EQ(ResolvePath("relative").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResolvePath("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ResolvePath(root_ + "/loop/x").status().message(), HasSubstr("too many symbolic links"));
}

}  // namespace
}  // namespace spacelet::base

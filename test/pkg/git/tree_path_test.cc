#include "pkg/git/tree_path.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace spacelet::git {
namespace {

TEST(ResolveInTree, GoesFromTheDirectoryOfTheDocument) {
  struct Case {
    const char *document, *relative, *path;
  };
  const Case cases[] = {
      {"host.yaml", "pool.yaml", "pool.yaml"},
      {"eu/host.yaml", "pool.yaml", "eu/pool.yaml"},
      {"eu/host.yaml", "./a//b.yaml", "eu/a/b.yaml"},
      {"eu/host.yaml", "../base.yaml", "base.yaml"},
      {"a/b/host.yaml", "../../c/d.yaml", "c/d.yaml"},
      {"a/host.yaml", "b/../c.yaml", "a/c.yaml"},
      {"host.yaml", "..data/pool.yaml", "..data/pool.yaml"},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<std::string> path = ResolveInTree(c.document, c.relative);
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_EQ(*path, c.path);
  }
}

TEST(ResolveInTree, NeverLeavesTheRepository) {
  for (const char* relative : {"../a", "a/../../b", "/etc/passwd", "", ".", "a/..", "../../../../etc/passwd"})
    EXPECT_TRUE(absl::IsFailedPrecondition(ResolveInTree("host.yaml", relative).status())) << relative;
  EXPECT_FALSE(ResolveInTree("host.yaml", std::string("a\0b", 3)).ok());
}

}  // namespace
}  // namespace spacelet::git

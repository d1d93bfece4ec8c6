#include "pkg/source/chain.h"

#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"

namespace spacelet::source {
namespace {

namespace fs = std::filesystem;

class ResolveTest : public testing::Test {
 protected:
  ResolveTest() {
    std::string name = testing::TempDir() + "/chainXXXXXX";
    root_ = fs::canonical(mkdtemp(name.data()));
  }
  ~ResolveTest() override { fs::remove_all(root_); }

  bool Watches(const Chain& chain, const std::string& directory, const std::string& name) const {
    const auto names = chain.names.find(root_ + directory);
    return names != chain.names.end() && names->second.count(name) != 0;
  }

  std::string root_;
};

TEST_F(ResolveTest, APlainPathIsWatchedInEachOfItsDirectories) {
  const Chain chain = Resolve(root_ + "/a/host.yaml");
  EXPECT_TRUE(Watches(chain, "", "a"));
  EXPECT_TRUE(Watches(chain, "/a", "host.yaml"));
  EXPECT_EQ(chain.target, root_ + "/a/host.yaml");
}

TEST_F(ResolveTest, EveryHopOfAMountedConfigMapIsWatched) {
  fs::create_directories(root_ + "/..2026");
  fs::create_symlink("..2026", root_ + "/..data");
  fs::create_symlink("..data/host.yaml", root_ + "/host.yaml");
  const Chain chain = Resolve(root_ + "/host.yaml");
  for (const char* name : {"host.yaml", "..data", "..2026"}) EXPECT_TRUE(Watches(chain, "", name)) << name;
  EXPECT_TRUE(Watches(chain, "/..2026", "host.yaml"));
  EXPECT_EQ(chain.target, root_ + "/..2026/host.yaml");
}

TEST_F(ResolveTest, ALoopOfSymlinksEnds) {
  fs::create_symlink("b", root_ + "/a");
  fs::create_symlink("a", root_ + "/b");
  EXPECT_TRUE(Watches(Resolve(root_ + "/a"), "", "b"));
}

}  // namespace
}  // namespace spacelet::source

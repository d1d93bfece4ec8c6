#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "pkg/secret/secret.h"
#include "test/pkg/secret/sources.h"
#include "test/testing/fake_clock.h"

namespace spacelet::secret {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : path_(::testing::TempDir() + "/secret_store_test." + std::to_string(::getpid())) {
    Write("first");
  }
  ~StoreTest() override { ::unlink(path_.c_str()); }

  void Write(const std::string& bytes) const { std::ofstream(path_) << bytes; }
  void Remove() const { ::unlink(path_.c_str()); }
  api::SecretSource File() const { return FromFile(path_); }
  api::SecretSource Command() const {  // refresh interval: 15 min
    return FromCommand({"cat", path_});
  }
  Store::Entry Get(const api::SecretSource& source, bool fresh = false) {
    return store_.Get(source, fresh, {});
  }

  std::string path_;
  testing::FakeClock clock_;
  Redactor redactor_;
  Store store_{clock_, redactor_};
};

TEST_F(StoreTest, AFileIsReadEachTime) {
  EXPECT_EQ(Get(File()).value, "first");
  Write("other");  // same size, same instant
  EXPECT_EQ(Get(File()).value, "other");
}

TEST_F(StoreTest, AFailureKeepsTheLastValueAndSaysWhy) {
  Get(File());
  Remove();
  const Store::Entry entry = Get(File());
  EXPECT_EQ(entry.value, "first");
  EXPECT_TRUE(entry.available);
  EXPECT_EQ(entry.error, "open " + path_ + ": No such file or directory");
  Write("back");
  EXPECT_EQ(Get(File()).value, "back");
  EXPECT_EQ(Get(File()).error, "");
}

TEST_F(StoreTest, WithoutAnyValueNothingIsAvailable) {
  Remove();
  const Store::Entry entry = Get(File());
  EXPECT_FALSE(entry.available);
  EXPECT_EQ(entry.value, "");
  EXPECT_NE(entry.error, "");
  EXPECT_EQ(entry.version, 0u);
}

TEST_F(StoreTest, AStrictOneHasNoValueOfAFileThatOthersMayRead) {
  Store strict(clock_, redactor_, Permissions::kStrict);
  ::chmod(path_.c_str(), 0644);
  EXPECT_FALSE(strict.Get(File(), false, {}).available);
  EXPECT_THAT(strict.Get(File(), false, {}).error, ::testing::HasSubstr("run: chmod 600 " + path_));
  ::chmod(path_.c_str(), 0600);
  EXPECT_EQ(strict.Get(File(), false, {}).value, "first");
  ::chmod(path_.c_str(), 0644);
  EXPECT_EQ(strict.Get(File(), false, {}).value, "first");  // as with every failure, the last value stays
}

TEST_F(StoreTest, ACommandRunsWhenItsIntervalIsOver) {
  EXPECT_EQ(Get(Command()).value, "first");
  Write("second");
  clock_.Advance(absl::Minutes(15) - absl::Seconds(1));
  EXPECT_EQ(Get(Command()).value, "first");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(Command()).value, "second");
}

TEST_F(StoreTest, ACommandRunsWhenAFreshValueIsAskedFor) {
  Get(Command());
  Write("second");
  EXPECT_EQ(Get(Command(), /*fresh=*/true).value, "second");
}

TEST_F(StoreTest, ACommandThatFailedRunsAgainAfterAMinute) {
  Get(Command());
  Remove();
  EXPECT_EQ(Get(Command(), /*fresh=*/true).value, "first");
  Write("second");
  EXPECT_EQ(Get(Command()).value, "first");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Get(Command()).value, "second");
}

TEST_F(StoreTest, ACommandThatNeverGaveAValueRunsEachTime) {
  Remove();
  EXPECT_FALSE(Get(Command()).available);
  Write("now");
  EXPECT_EQ(Get(Command()).value, "now");
}

TEST_F(StoreTest, SourcesAreToldApart) {
  EXPECT_EQ(Get(FromValue("inline")).value, "inline");
  EXPECT_EQ(Get(FromCommand({"echo", "a b"})).value, "a b");
  EXPECT_EQ(Get(FromCommand({"echo", "a", "b", "c"})).value, "a b c");
  EXPECT_EQ(Get(File()).value, "first");
}

TEST_F(StoreTest, EveryValueEverReadIsRedacted) {
  Get(File());
  Write("second");
  Get(File());
  EXPECT_EQ(redactor_.Redact("first second third"), "*** *** third");
}

TEST_F(StoreTest, TheVersionGrowsWithEachChangeWhoeverReadIt) {
  const std::vector<api::SecretSource> sources = {File(), FromValue("constant")};
  const uint64_t start = store_.Version(sources, {});
  EXPECT_EQ(store_.Version(sources, {}), start);
  Write("second");
  Get(File());  // a worker is faster than the watcher
  const uint64_t changed = store_.Version(sources, {});
  EXPECT_GT(changed, start);
  Remove();
  EXPECT_EQ(store_.Version(sources, {}), changed);
  Write("second");
  EXPECT_EQ(store_.Version(sources, {}), changed);
  Write("third");
  EXPECT_GT(store_.Version(sources, {}), changed);
}

}  // namespace
}  // namespace spacelet::secret

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pkg/workqueue/queue.h"

namespace spacelet::workqueue {
namespace {

constexpr absl::Duration kBase = absl::Seconds(1), kCap = absl::Seconds(60);

TEST(BackOff, DoublesUpToTheCapWithinTheJitter) {
  BackOff back_off(kBase, kCap);
  absl::Duration expected = kBase;
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration delay = back_off.Next("k");
    EXPECT_GE(delay, expected * 0.8) << i;
    EXPECT_LE(delay, expected * 1.2) << i;
    expected = std::min(expected * 2, kCap);
  }
  EXPECT_EQ(back_off.failures("k"), 1000);
}

TEST(BackOff, DelaysDiffer) {
  BackOff back_off(kCap, kCap);
  std::set<absl::Duration> delays;
  for (int i = 0; i < 20; ++i) delays.insert(back_off.Next("k"));
  EXPECT_GT(delays.size(), 10u);
}

TEST(BackOff, KeysCountForThemselves) {
  BackOff back_off(kBase, kCap);
  for (int i = 0; i < 5; ++i) back_off.Next("a");
  EXPECT_LE(back_off.Next("b"), kBase * 1.2);
  EXPECT_EQ(back_off.failures("a"), 5);
  EXPECT_EQ(back_off.failures("b"), 1);
  EXPECT_EQ(back_off.failures("c"), 0);
}

TEST(BackOff, AForgottenKeyStartsAgain) {
  BackOff back_off(kBase, kCap);
  for (int i = 0; i < 5; ++i) back_off.Next("a");
  back_off.Forget("a");
  back_off.Forget("never seen");
  EXPECT_EQ(back_off.failures("a"), 0);
  EXPECT_LE(back_off.Next("a"), kBase * 1.2);
}

}  // namespace
}  // namespace spacelet::workqueue

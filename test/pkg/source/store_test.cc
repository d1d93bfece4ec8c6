#include "pkg/source/store.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::source {
namespace {

using ::testing::HasSubstr;
using Result = Attempt::Result;

std::string DocumentOf(absl::string_view image) {
  return absl::StrCat(
      "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n  runner: {image: ",
      image, "}\n");
}

TEST(Store, AnAcceptedDocumentIsInForceAndCounted) {
  Store store(base::RealClock());
  std::vector<int64_t> generations;
  store.OnAccepted([&](auto snapshot) { generations.push_back(snapshot->generation); });
  EXPECT_EQ(store.Latest(), nullptr);
  EXPECT_EQ(store.Offer({DocumentOf("a:1"), "f"}).result, Result::kAccepted);
  EXPECT_EQ(store.Offer({DocumentOf("a:1"), "f"}).result, Result::kUnchanged);
  EXPECT_EQ(store.Offer({DocumentOf("a:2"), "f"}).result, Result::kAccepted);
  EXPECT_EQ(generations, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(store.Latest()->document.runner->workload.image, "a:2");
}

TEST(Store, WhatIsInvalidOrUnreadableChangesNothingButTheLastAttempt) {
  Store store(base::RealClock());
  store.Offer({DocumentOf("a:1"), "host.yaml"});
  const auto before = store.Latest();
  for (const char* bytes : {"", " \n", "[]", "kind: [", "spec: {}"}) {
    EXPECT_EQ(store.Offer({bytes, "host.yaml"}).result, Result::kRejected) << bytes;
    EXPECT_EQ(store.Latest(), before);
  }
  EXPECT_THAT(store.Offer({"spec: {}\nx: 1\n", "host.yaml"}).error, HasSubstr("host.yaml:1:1: "));
  EXPECT_THAT(store.LastAttempt().error, HasSubstr(" more)"));
  store.Unreadable("host.yaml: No such file or directory");
  EXPECT_EQ(store.LastAttempt().result, Result::kUnreadable);
  EXPECT_EQ(store.Latest(), before);
}

TEST(Store, TheKeptDocumentIsInForceFirstAndTheGenerationGoesOn) {
  Store store(base::RealClock());
  EXPECT_FALSE(store.Restore({"nonsense", "kept"}, 6).ok());
  EXPECT_EQ(store.Latest(), nullptr);
  ASSERT_TRUE(store.Restore({DocumentOf("a:1"), "kept"}, 7).ok());
  EXPECT_EQ(store.Latest()->generation, 7);
  EXPECT_EQ(store.LastAttempt().result, Result::kNone);
  EXPECT_EQ(store.Offer({DocumentOf("a:1"), "f"}).result, Result::kUnchanged);
  EXPECT_EQ(store.Offer({DocumentOf("a:2"), "f"}).result, Result::kAccepted);
  EXPECT_EQ(store.Latest()->generation, 8);
}

TEST(Store, WhatIsInForceStandsWhileNothingNewerIsSeen) {
  Store store(base::RealClock());
  store.Unreachable("h: Connection refused", api::reason::kGitUnreachable);
  EXPECT_FALSE(store.LastAttempt().stands) << "nothing is in force";
  store.Offer({DocumentOf("a:1"), "f", "c1"});
  store.Unreachable("h: Connection refused", api::reason::kGitUnreachable);
  EXPECT_TRUE(store.LastAttempt().stands);
  EXPECT_EQ(store.LastAttempt().result, Result::kUnreachable);
  EXPECT_EQ(store.LastAttempt().reason, "GitUnreachable");
  store.Offer({"nonsense", "f", "c2"});
  EXPECT_FALSE(store.LastAttempt().stands);
  store.Unreachable("h: Connection refused", api::reason::kGitUnreachable);
  EXPECT_FALSE(store.LastAttempt().stands) << "a newer one was seen, and was refused";
  EXPECT_THAT(store.LastAttempt().error, HasSubstr("Connection refused; the newest that was seen: f:1:1: "));
  store.Offer({DocumentOf("a:1"), "f", "c3"});
  EXPECT_TRUE(store.LastAttempt().stands);
  store.Unreadable("rewritten", api::reason::kGitRewritten);
  EXPECT_FALSE(store.LastAttempt().stands);
  EXPECT_EQ(store.LastAttempt().reason, "GitRewritten");
}

TEST(Store, TheCommitIsKeptWithTheDocument) {
  Store store(base::RealClock());
  ASSERT_TRUE(store.Restore({DocumentOf("a:1"), "f", "c1"}, 7).ok());
  EXPECT_EQ(store.Latest()->commit, "c1");
  const Attempt attempt = store.Offer({DocumentOf("a:1"), "f", "c2"});
  EXPECT_EQ(attempt.result, Result::kUnchanged);
  EXPECT_EQ(attempt.commit, "c2");
  EXPECT_EQ(store.Latest()->commit, "c1") << "of the commit that made the document what it is";
}

}  // namespace
}  // namespace spacelet::source

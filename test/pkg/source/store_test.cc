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
  EXPECT_FALSE(store.Restore({"nonsense", "", 6, "kept"}).ok());
  EXPECT_EQ(store.Latest(), nullptr);
  ASSERT_TRUE(store.Restore({DocumentOf("a:1"), "", 7, "kept"}).ok());
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
  ASSERT_TRUE(store.Restore({DocumentOf("a:1"), "", 7, "f", "c1"}).ok());
  EXPECT_EQ(store.Latest()->commit, "c1");
  EXPECT_TRUE(store.Latest()->prune_at_once);
  const Attempt attempt = store.Offer({DocumentOf("a:1"), "f", "c2"});
  EXPECT_EQ(attempt.result, Result::kUnchanged);
  EXPECT_EQ(attempt.commit, "c2");
  EXPECT_EQ(store.Latest()->commit, "c1") << "of the commit that made the document what it is";
}

// A document with an overlay and a fact, as some git source would offer it.
Version Whole(const std::string& overlay) {
  Version version{.bytes = absl::StrCat("overlays: [o.yaml]\n", DocumentOf("\"a:${host.zone}\"")),
                  .file_name = "fleet/host.yaml",
                  .commit = "c0ffee"};
  version.read = [overlay](const std::string& path) -> absl::StatusOr<std::string> {
    if (path != "o.yaml") return absl::NotFoundError("not there");
    return overlay;
  };
  return version;
}

absl::StatusOr<std::string> West(const std::string&) { return "west"; }
absl::StatusOr<std::string> Nobody(const std::string&) { return absl::UnavailableError("nobody answers"); }

state::LastGood KeptOf(const Snapshot& snapshot) {
  return {.bytes = snapshot.bytes,
          .revision = snapshot.revision,
          .generation = snapshot.generation,
          .source = "git",
          .commit = snapshot.commit,
          .file_name = snapshot.file_name,
          .directory = snapshot.directory,
          .files = snapshot.files,
          .facts = snapshot.facts};
}

TEST(Store, WhatIsKeptIsRestoredWithoutItsFilesAndWithoutTheHostsFacts) {
  Store before(base::RealClock(), West);
  ASSERT_EQ(before.Offer(Whole("spec: {runner: {hostname: h}}\n")).result, Result::kAccepted);
  Store after(base::RealClock(), Nobody);
  ASSERT_TRUE(after.Restore(KeptOf(*before.Latest())).ok());
  EXPECT_EQ(after.Latest()->document, before.Latest()->document);
  EXPECT_EQ(after.Latest()->revision, before.Latest()->revision);
  EXPECT_EQ(after.Latest()->commit, "c0ffee");
  EXPECT_EQ(after.Latest()->document.runner->workload.image, "a:west");
  // The same version waits for the fact, and changes nothing meanwhile.
  EXPECT_EQ(after.Offer(Whole("spec: {runner: {hostname: h}}\n")).result, Result::kWaiting);
  EXPECT_THAT(after.LastAttempt().error, HasSubstr("fleet/host.yaml:6:19: spec.runner.image: ${host.zone}"));
  EXPECT_EQ(after.Latest()->generation, 1);
}

TEST(Store, WhatIsKeptWithoutAFileOrAFactIsOfNoUse) {
  Store before(base::RealClock(), West);
  before.Offer(Whole("spec: {}\n"));
  for (const bool files : {true, false}) {
    state::LastGood kept = KeptOf(*before.Latest());
    (files ? kept.files : kept.facts).clear();
    Store after(base::RealClock(), West);
    EXPECT_FALSE(after.Restore(kept).ok());
    EXPECT_EQ(after.Latest(), nullptr);
  }
}

TEST(Store, AnotherOverlayOrAnotherFactIsAnotherVersion) {
  std::string zone = "west";
  Store store(base::RealClock(), [&](const std::string&) { return zone; });
  EXPECT_EQ(store.Offer(Whole("spec: {}\n")).result, Result::kAccepted);
  EXPECT_EQ(store.Offer(Whole("spec: {}\n")).result, Result::kUnchanged);
  EXPECT_EQ(store.Offer(Whole("spec: {suspend: true}\n")).result, Result::kAccepted);
  EXPECT_TRUE(store.Latest()->document.suspend);
  zone = "east";
  EXPECT_EQ(store.Offer(Whole("spec: {suspend: true}\n")).result, Result::kAccepted);
  EXPECT_EQ(store.Latest()->document.runner->workload.image, "a:east");
  EXPECT_EQ(store.Latest()->generation, 3);
}

TEST(Store, WhatChangesWhileItIsReadIsNoAttempt) {
  Store store(base::RealClock(), West);
  int attempts = 0;
  store.OnAttempt([&](const Attempt&) { ++attempts; });
  Version torn = Whole("spec: {}\n");
  torn.is_whole = [] { return false; };
  EXPECT_EQ(store.Offer(torn).result, Result::kNone);
  Version changing = Whole("");
  changing.read = [](const std::string&) { return absl::AbortedError("o.yaml is being changed"); };
  EXPECT_EQ(store.Offer(changing).result, Result::kNone);
  EXPECT_EQ(attempts, 0);
  EXPECT_EQ(store.Latest(), nullptr);
}

}  // namespace
}  // namespace spacelet::source

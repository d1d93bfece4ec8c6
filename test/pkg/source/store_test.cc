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

// Refuses every image that is called "evil", and tells where the document came from.
std::vector<config::Diagnostic> NoEvil(const config::Loaded& loaded, const Version& version) {
  if (loaded.document->runner->workload.image.rfind("evil", 0) != 0) return {};
  return {{config::Severity::kError, version.file_name, 5, 10, "spec.runner.image",
           IsFromGit(version) ? "evil from git" : "evil", ""}};
}

TEST(Store, WhatIsNotAdmittedIsAnAttemptAndChangesNothing) {
  Store store(base::RealClock(), nullptr, NoEvil);
  std::vector<std::string> errors;
  store.OnAttempt([&](const Attempt& attempt) { errors.push_back(attempt.error); });
  store.Offer({DocumentOf("a:1"), "host.yaml"});
  const auto before = store.Latest();
  EXPECT_EQ(store.Offer({DocumentOf("evil:1"), "host.yaml"}).result, Result::kForbidden);
  EXPECT_EQ(store.Offer({.bytes = DocumentOf("evil:1"), .file_name = "host.yaml", .commit = "12ab"}).error,
            "host.yaml:5:10: spec.runner.image: evil from git");
  EXPECT_EQ(store.Offer({"spec: {}", "host.yaml"}).result, Result::kRejected);  // not asked for
  EXPECT_EQ(store.Latest(), before);
  EXPECT_EQ(store.LastAttempt().result, Result::kRejected);
  ASSERT_EQ(errors.size(), 4u);
  EXPECT_EQ(errors[1], "host.yaml:5:10: spec.runner.image: evil");
}

TEST(Store, TheKeptDocumentIsPutInForceOnlyWhenItIsAdmitted) {
  const struct {
    const char* source;
    const char* commit;
    const char* said;
  } kCases[] = {
      {"/etc/spacelet/host.yaml", "", "host.yaml:5:10: spec.runner.image: evil"},
      {"git+https://example.org/x.git//host.yaml", "", "host.yaml:5:10: spec.runner.image: evil from git"},
      {"/etc/spacelet/host.yaml", "12ab", "host.yaml:5:10: spec.runner.image: evil from git"}};
  for (const auto& c : kCases) {
    Store store(base::RealClock(), nullptr, NoEvil);
    const absl::Status restored = store.Restore({.bytes = DocumentOf("evil:1"),
                                                 .revision = "",
                                                 .generation = 7,
                                                 .source = c.source,
                                                 .commit = c.commit,
                                                 .file_name = "host.yaml"});
    EXPECT_EQ(restored.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(restored.message(), c.said);
    EXPECT_EQ(store.LastAttempt().result, Result::kForbidden);
    EXPECT_EQ(store.Latest(), nullptr);
  }
}

TEST(Store, ADocumentInForceThatIsAdmittedNoMoreStaysAndIsAnAttempt) {
  bool strict = false;
  Store store(base::RealClock(), nullptr, [&](const config::Loaded& loaded, const Version& version) {
    return strict ? NoEvil(loaded, version) : std::vector<config::Diagnostic>{};
  });
  store.Recheck();
  EXPECT_EQ(store.LastAttempt().result, Result::kNone);
  store.Offer({DocumentOf("evil:1"), "host.yaml"});
  const auto before = store.Latest();
  store.Recheck();
  EXPECT_EQ(store.LastAttempt().result, Result::kAccepted);
  strict = true;
  store.Recheck();
  EXPECT_EQ(store.LastAttempt().result, Result::kForbidden);
  EXPECT_EQ(store.LastAttempt().revision, before->revision);
  EXPECT_EQ(store.Latest(), before);
  strict = false;
  EXPECT_EQ(store.Offer({DocumentOf("evil:1"), "host.yaml"}).result, Result::kUnchanged);
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

// Remembers the image that it was asked for, and from where; refuses when told to.
struct Gate {
  std::vector<std::string> asked = {};
  bool closed = false;
  Admit admit() {
    return [this](const config::Loaded& loaded, const Version& version) -> std::vector<config::Diagnostic> {
      asked.push_back(absl::StrCat(loaded.document->runner->workload.image, " ", loaded.files.size(),
                                   IsFromGit(version) ? " git" : ""));
      if (!closed) return {};
      return {{config::Severity::kError, loaded.file_names.back(), 1, 1, "", "closed", ""}};
    };
  }
};

TEST(Store, WhatIsAskedForIsTheDocumentWithItsOverlaysAndFactsHoweverItComesIntoForce) {
  const std::string overlay = "spec: {runner: {image: \"b:${host.zone}\"}}\n";
  Gate gate;
  Store before(base::RealClock(), West, gate.admit());
  ASSERT_EQ(before.Offer(Whole(overlay)).result, Result::kAccepted);
  before.Recheck();
  Store after(base::RealClock(), Nobody, gate.admit());
  ASSERT_TRUE(after.Restore(KeptOf(*before.Latest())).ok());
  after.Recheck();
  EXPECT_EQ(gate.asked, std::vector<std::string>(4, "b:west 1 git"));

  gate.closed = true;
  after.Recheck();
  EXPECT_EQ(after.LastAttempt().result, Result::kForbidden);
  EXPECT_EQ(after.LastAttempt().error, "fleet/o.yaml:1:1: closed");
  EXPECT_EQ(after.LastAttempt().revision, before.Latest()->revision);
  EXPECT_EQ(after.Latest()->document.runner->workload.image, "b:west");
  Store refusing(base::RealClock(), West, gate.admit());
  EXPECT_EQ(refusing.Offer(Whole(overlay)).result, Result::kForbidden);
  EXPECT_FALSE(refusing.Restore(KeptOf(*before.Latest())).ok());
  EXPECT_EQ(refusing.Latest(), nullptr);
}

TEST(Store, WhatCannotBeToldYetIsNotAskedFor) {
  Gate gate{.closed = true};
  Store store(base::RealClock(), Nobody, gate.admit());
  EXPECT_EQ(store.Offer(Whole("spec: {}\n")).result, Result::kWaiting);
  EXPECT_EQ(gate.asked.size(), 0u);
}

TEST(Version, WithFilesItHasThoseAndNoOthers) {
  Version version = Whole("spec: {}\n");
  version.is_whole = [] { return false; };
  version = WithFiles(version, {{"p.yaml", "kept"}});
  EXPECT_EQ(version.read("p.yaml").value(), "kept");
  EXPECT_TRUE(absl::IsNotFound(version.read("o.yaml").status()));
  EXPECT_FALSE(version.is_whole);  // it cannot change any more
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

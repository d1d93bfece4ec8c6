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
  EXPECT_FALSE(store.Restore("nonsense", "kept", 6).ok());
  EXPECT_EQ(store.Latest(), nullptr);
  ASSERT_TRUE(store.Restore(DocumentOf("a:1"), "kept", 7).ok());
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
  Store store(base::RealClock(), NoEvil);
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
  for (const char* source : {"/etc/spacelet/host.yaml", "git+https://example.org/x.git//host.yaml"}) {
    Store store(base::RealClock(), NoEvil);
    const absl::Status restored = store.Restore(DocumentOf("evil:1"), source, 7);
    EXPECT_EQ(restored.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(restored.message()), HasSubstr(source[0] == '/' ? ": evil" : "evil from git"));
    EXPECT_EQ(store.LastAttempt().result, Result::kForbidden);
    EXPECT_EQ(store.Latest(), nullptr);
  }
}

TEST(Store, ADocumentInForceThatIsAdmittedNoMoreStaysAndIsAnAttempt) {
  bool strict = false;
  Store store(base::RealClock(), [&](const config::Loaded& loaded, const Version& version) {
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

}  // namespace
}  // namespace spacelet::source

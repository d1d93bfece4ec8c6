#include "pkg/app/local_policy.h"

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kHead[] = "apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\n";
constexpr char kOpen[] = "spec: {images: {repositories: [\"*/*\"]}}\n";

class LocalPolicyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_);
    fs::permissions(root_, fs::perms(0755));
    Write(std::string(kHead) + kOpen);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& text) {
    std::ofstream(path_) << text;
    fs::permissions(path_, fs::perms(0644));
  }

  const std::string root_ = fs::canonical(::testing::TempDir()).string() + "/" +
                            fs::path(testing::TemporaryPath("policy")).filename().string();
  const std::string path_ = root_ + "/policy.yaml";
};

std::vector<config::Diagnostic> Ask(const LocalPolicy& policy, source::Version version = {}) {
  const config::Loaded loaded = config::Load(
      "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n  containers:\n"
      "    - {name: tool, image: \"a/b:1\", env: {X: {file: /etc/token}}}\n",
      "host.yaml", absl::Now());
  EXPECT_TRUE(loaded.ok());
  return policy.Admission()(loaded, version);
}

TEST_F(LocalPolicyTest, WithoutAFileOnlySecretsFromGitAreRefused) {
  LocalPolicy policy("", {});
  EXPECT_TRUE(policy.Load().ok());
  EXPECT_FALSE(policy.HasChanged());
  EXPECT_THAT(Ask(policy), IsEmpty());
  EXPECT_THAT(Ask(policy, {.commit = "12ab"}), SizeIs(1));
}

TEST_F(LocalPolicyTest, AnotherFileIsSeenOnceItStandsStillAndAnInvalidOneChangesNothing) {
  LocalPolicy policy(path_, {});
  ASSERT_TRUE(policy.Load().ok());
  EXPECT_FALSE(policy.HasChanged());
  EXPECT_THAT(Ask(policy), SizeIs(1));

  Write(std::string(kHead) + "spec: {images: {repositories: [\"*/*\"]}, secrets: {files: [/etc/token]}}\n");
  EXPECT_FALSE(policy.HasChanged());  // somebody may still be writing
  EXPECT_TRUE(policy.HasChanged());
  EXPECT_THAT(Ask(policy), SizeIs(1));  // seen is not loaded
  ASSERT_TRUE(policy.Load().ok());
  EXPECT_FALSE(policy.HasChanged());
  EXPECT_THAT(Ask(policy), IsEmpty());

  Write("kind: HostPolicy\nspec: [\n");
  EXPECT_FALSE(policy.HasChanged());
  EXPECT_TRUE(policy.HasChanged());
  EXPECT_THAT(std::string(policy.Load().message()), HasSubstr(path_ + ":"));
  EXPECT_THAT(Ask(policy), IsEmpty());
  fs::remove(path_);
  EXPECT_FALSE(policy.HasChanged());
  EXPECT_TRUE(policy.HasChanged());
  EXPECT_FALSE(policy.Load().ok());
  EXPECT_FALSE(policy.HasChanged());  // it is said once
  EXPECT_THAT(Ask(policy), IsEmpty());
}

TEST_F(LocalPolicyTest, WhatOthersCanWriteIsNoPolicy) {
  fs::permissions(path_, fs::perms(0664));
  LocalPolicy policy(path_, {});
  const absl::Status status = policy.Load();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("who could change the policy; run: chmod go-w " + path_));
}

}  // namespace
}  // namespace spacelet::app

#include "pkg/app/named_files.h"

#include <gtest/gtest.h>

namespace spacelet::app {
namespace {

api::SecretSource FileSecret(const std::string& path) {
  api::SecretSource source;
  source.file = path;
  return source;
}

TEST(NamedFiles, FindsThePoolEverySecretFileAndImageArchivesWithTheirFields) {
  api::Document document;
  document.runner.emplace();
  document.runner->pool = api::Pool{.file = "/pool.yaml", .inline_yaml = std::nullopt};
  document.runner->workload.image_archive = "/runner.tar";
  document.delegate.emplace();
  document.delegate->token = FileSecret("/token");
  document.delegate->workload.env["A"] = {"", FileSecret("/env")};
  document.delegate->workload.env["PLAIN"] = {"x", std::nullopt};
  document.containers.emplace_back();
  document.containers[0].workload.image_pull_secret = api::ImagePullSecret{"user", FileSecret("/password")};
  document.containers[0].workload.files.push_back({"/in", std::nullopt, FileSecret("/file"), 0644});
  const std::vector<NamedFile> expected = {
      {"spec.runner.pool.file", "/pool.yaml", false},
      {"spec.runner.imageArchive", "/runner.tar", false},
      {"spec.delegate.token.file", "/token", true},
      {"spec.delegate.env.A.file", "/env", true},
      {"spec.containers[0].imagePullSecret.password.file", "/password", true},
      {"spec.containers[0].files[0].file", "/file", true},
  };
  EXPECT_EQ(NamedFiles(document), expected);
}

TEST(NamedFiles, KnowsThePoolAtItsDefaultPlaceAndNoneForAnInlineOne) {
  api::Document document;
  document.runner.emplace();
  ASSERT_EQ(NamedFiles(document).size(), 1u);
  EXPECT_EQ(NamedFiles(document)[0].path, "/runner/pool.yaml");
  document.runner->pool = api::Pool{.file = std::nullopt, .inline_yaml = "{}"};
  EXPECT_TRUE(NamedFiles(document).empty());
}

TEST(NamedFiles, PassesOverSecretsThatAreNotFiles) {
  api::Document document;
  document.delegate.emplace();
  document.delegate->token.kind = api::SecretSource::Kind::kEnv;
  document.delegate->token.env = "TOKEN";
  EXPECT_TRUE(NamedFiles(document).empty());
}

TEST(NamedSecrets, FindsThemOfEveryKindWithTheirFields) {
  api::Document document;
  document.delegate.emplace();
  document.delegate->token.kind = api::SecretSource::Kind::kCommand;
  document.delegate->token.command = {"vault"};
  document.delegate->workload.env["A"] = {"", FileSecret("/env")};
  document.delegate->workload.env["PLAIN"] = {"x", std::nullopt};
  const std::vector<NamedSecret> expected = {{"spec.delegate.token", document.delegate->token},
                                             {"spec.delegate.env.A", FileSecret("/env")}};
  EXPECT_EQ(NamedSecrets(document), expected);
}

}  // namespace
}  // namespace spacelet::app

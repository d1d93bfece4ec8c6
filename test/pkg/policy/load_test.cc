#include "pkg/policy/load.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/policy/examples.h"

namespace spacelet::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHead[] = "apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\n";

TEST(Load, AnEmptyPolicyIsAPolicy) {
  EXPECT_TRUE(Load(kHead, "p").ok());
  EXPECT_TRUE(Load(absl::StrCat(kHead, "spec: {}\n"), "p").ok());
  EXPECT_TRUE(Load(absl::StrCat(kHead, "spec: {images: {repositories: []}}\n"), "p").ok());
}

TEST(Load, WhatIsWrongIsSaidWithItsPlaceAllAtOnce) {
  const struct {
    std::string text, message;
  } kRows[] = {
      {"", "p: "},
      {"# nothing\n", "p: "},
      {"[]", "p:1:1: "},
      {"kind: HostPolicy\n", "p:1:1: apiVersion: is required and missing"},
      {"apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\n",
       "p:2:7: kind: \"GitspaceHost\" is not HostPolicy"},
      {absl::StrCat(kHead, "spec: {image: {}}\n"), "p:3:8: spec.image: unknown field (did you mean images?)"},
      {absl::StrCat(kHead, "spec:\n  containers: {privilegd: true}\n"), "did you mean privileged?"},
      {absl::StrCat(kHead, "spec:\n  containers: {privileged: \"true\"}\n"),
       "p:4:28: spec.containers.privileged: expected true or false"},
      {absl::StrCat(kHead, "spec:\n  images: {repositories: [ghcr.io]}\n"),
       "p:4:27: spec.images.repositories[0]: \"ghcr.io\" is a registry only: write ghcr.io/* for all of it"},
      {absl::StrCat(kHead, "spec:\n  volumes: {hostPaths: [srv]}\n"), "\"srv\" is not an absolute path"},
      {absl::StrCat(kHead, "spec:\n  volumes: {hostPaths: [/srv, /a/../b]}\n"),
       "p:4:31: spec.volumes.hostPaths[1]: \"/a/../b\" is not a plain path"},
      {absl::StrCat(kHead, "spec:\n  secrets: {files: [\"/srv:ro/\"]}\n"), "is not a plain path"},
      {absl::StrCat(kHead, "spec:\n  secrets: {commands: [sops]}\n"),
       "p:4:24: spec.secrets.commands[0]: expected a list"},
      {absl::StrCat(kHead, "spec:\n  secrets: {commands: [[]]}\n"), "must not be empty"},
      {absl::StrCat(kHead, "spec:\n  secrets: {commands: [[\"*\", x]]}\n"), "names no program"},
      {absl::StrCat(kHead, "spec:\n  secrets: {variables: [\"*\"]}\n"), "is not a plain word"},
      {absl::StrCat(kHead, "spec:\n  ports: {addresses: [eth0]}\n"), "\"eth0\" is not an IP address"},
      {absl::StrCat(kHead, "spec:\n  delegate: {managerHosts: [\"https://app.harness.io\"]}\n"), "has no p"},
      {absl::StrCat(kHead, "spec:\n  volumes: null\n"), "spec.volumes: has no value"},
      {absl::StrCat(kHead, "spec: &a {}\n"), "p:3:"},
      {absl::StrCat(kHead, "spec: {}\nspec: {}\n"), "p:4:1"},
  };
  for (const auto& row : kRows) {
    const Loaded loaded = Load(row.text, "p");
    EXPECT_FALSE(loaded.ok()) << row.text;
    EXPECT_THAT(config::ToText(loaded.diagnostics), HasSubstr(row.message)) << row.text;
  }
  EXPECT_EQ(Load("a: 1\nb: 2\n", "p").diagnostics.size(), 4u);
}

TEST(Load, EveryPrefixOfAPolicyIsAnswered) {
  const std::string text = config::ReadText("examples/policy/policy.yaml");
  ASSERT_FALSE(text.empty());
  for (size_t i = 0; i < text.size(); i += 7) Load(text.substr(0, i), "p");
}

TEST(Load, ARuleKnowsItsLine) {
  const Policy policy = PolicyOf("  images:\n    repositories: [a/b]\n  secrets: {files: []}\n");
  EXPECT_EQ(policy.lines.at("images.repositories"), 5);
  EXPECT_EQ(policy.lines.at("secrets.files"), 6);
  EXPECT_EQ(policy.lines.count("containers.privileged"), 0u);
}

// ---- the repository's files

bool Updates() {
  const char* value = std::getenv("SPACELET_UPDATE_GOLDEN");
  return value != nullptr && std::string(value) == "1";
}

constexpr char kSchema[] = "manifests/schema/hostpolicy.v1alpha1.json";
constexpr char kPage[] = "docs/policy.md";
constexpr char kBegin[] = "<!-- rules -->\n", kEnd[] = "<!-- end -->\n";

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Reference, TheSchemaInTheRepositoryIsTheGrammars) {
  if (Updates()) Write(kSchema, JsonSchema());
  EXPECT_EQ(config::ReadText(kSchema), JsonSchema()) << "run policy_test with SPACELET_UPDATE_GOLDEN=1";
}

const config::Definition& DefinitionOf(const std::vector<config::Definition>& all, const std::string& field) {
  std::string name = "policy" + field;
  name[6] = static_cast<char>(name[6] - 'a' + 'A');
  return *std::find_if(all.begin(), all.end(), [&](const config::Definition& d) { return d.name == name; });
}

std::string Table() {
  const std::vector<config::Definition> all = Reference();
  std::string out = "| rule | of the document | the baseline allows | example |\n|---|---|---|---|\n";
  for (const config::FieldInfo& group : DefinitionOf(all, "spec").fields)
    for (const config::FieldInfo& rule : DefinitionOf(all, group.name).fields)
      absl::StrAppend(&out, "| `", group.name, ".", rule.name, "` | ", rule.description, " | ",
                      rule.fallback == "false" ? "no" : rule.fallback, " | `",
                      rule.example.empty() ? "true" : absl::StrReplaceAll(rule.example, {{"|", "\\|"}}),
                      "` |\n");
  return out;
}

TEST(Reference, ThePageHasEveryRule) {
  std::string page = config::ReadText(kPage);
  const size_t begin = page.find(kBegin), end = page.find(kEnd, begin);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  page.replace(begin + sizeof kBegin - 1, end - begin - (sizeof kBegin - 1), Table());
  if (Updates()) Write(kPage, page);
  EXPECT_EQ(config::ReadText(kPage), page) << "run policy_test with SPACELET_UPDATE_GOLDEN=1";
}

TEST(Example, ThePolicyAllowsTheStarterDocuments) {
  const Loaded policy = Load(config::ReadText("examples/policy/policy.yaml"), "examples/policy/policy.yaml");
  ASSERT_TRUE(policy.ok()) << config::ToText(policy.diagnostics);
  for (const char* name : {"minimal", "gcp", "aws"}) {
    const std::string path = absl::StrCat("examples/", name, ".yaml");
    const config::Loaded loaded = config::Load(config::ReadText(path), path, config::Today());
    ASSERT_TRUE(loaded.ok()) << path;
    EXPECT_THAT(Places(Check(*loaded.document, &*policy.policy, Origin::kGit, {})), IsEmpty()) << path;
  }
}

// What stands there behind a "#" without a space is a rule that can be taken as it is.
TEST(Example, EveryRuleThatIsCommentedOutIsValid) {
  const std::string text =
      absl::StrReplaceAll(config::ReadText("examples/policy/policy.yaml"), {{"\n#  ", "\n  "}});
  const Loaded policy = Load(text, "policy.yaml");
  ASSERT_TRUE(policy.ok()) << config::ToText(policy.diagnostics);
  std::vector<std::string> missing;
  const std::vector<config::Definition> all = Reference();
  for (const config::FieldInfo& group : DefinitionOf(all, "spec").fields)
    for (const config::FieldInfo& rule : DefinitionOf(all, group.name).fields)
      if (policy.policy->lines.count(absl::StrCat(group.name, ".", rule.name)) == 0)
        missing.push_back(absl::StrCat(group.name, ".", rule.name));
  EXPECT_THAT(missing, IsEmpty());
  const config::Loaded full =
      config::Load(config::ReadText("examples/generic-containers.yaml"), "g", config::Today());
  ASSERT_TRUE(full.ok());
  EXPECT_THAT(Places(Check(*full.document, &*policy.policy, Origin::kGit, {})), IsEmpty());
}

}  // namespace
}  // namespace spacelet::policy

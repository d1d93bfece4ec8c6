#include "pkg/pool/canonical.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/pool/pool.h"

namespace spacelet::pool {
namespace {

std::string CanonicalOf(const std::string& text) {
  const yaml::Parsed parsed = yaml::Parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? Canonical(*parsed.root) : "";
}

constexpr char kPool[] = R"(version: "1"
instances:
  - name: a
    type: noop
    pool: 1
    spec: {hibernate: false}
)";

TEST(Canonical, IsIndentedJsonWithSortedKeys) {
  EXPECT_EQ(CanonicalOf("b: [1, x, {}]\na:\n  d: yes\n  c: ~\n"), R"({
  "a": {
    "c": null,
    "d": true
  },
  "b": [
    1,
    "x",
    {}
  ]
}
)");
}

// Raw, a YAML reader folds the first three into a blank, and ours refuses them all.
TEST(Canonical, CharactersThatNoReaderKeepsAreEscaped) {
  const std::string canonical = CanonicalOf("a: \"\\x85\\u2028\\u2029\\u202e\\t\\x7f\\\"\\\\\"\n");
  EXPECT_EQ(canonical, "{\n  \"a\": \"\\u0085\\u2028\\u2029\\u202e\\u0009\\u007f\\\"\\\\\"\n}\n");
  EXPECT_EQ(CanonicalOf(canonical), canonical);
}

struct Same {
  const char* name;
  const char* yaml;
};

class SamePool : public testing::TestWithParam<Same> {};

TEST_P(SamePool, HasTheSameHash) {
  EXPECT_EQ(CanonicalOf(GetParam().yaml), CanonicalOf(kPool));
  EXPECT_EQ(Lint(GetParam().yaml, nullptr).hash, Lint(kPool, nullptr).hash);
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, SamePool,
    testing::Values(
        Same{"Comments",
             "# made by terraform\nversion: \"1\"\ninstances:\n- name: a # here\n  type: noop\n"
             "  pool: 1\n  spec: {hibernate: false}\n"},
        Same{"KeyOrder",
             "instances:\n- {spec: {hibernate: false}, pool: 1, type: noop, name: a}\nversion: '1'\n"},
        Same{"Quotes",
             "version: \"1\"\ninstances:\n- {name: \"a\", type: 'noop', pool: 1, spec: {hibernate: no}}\n"},
        Same{"Json",
             "{\"version\":\"1\",\"instances\":[{\"name\":\"a\",\"type\":\"noop\",\"pool\":1,"
             "\"spec\":{\"hibernate\":false}}]}"},
        Same{"Timestamp",
             "timestamp: 2026-01-01T00:00:00Z\nversion: \"1\"\ninstances:\n"
             "- {name: a, type: noop, pool: +1, spec: {hibernate: false}}\n"}),
    [](const auto& param) { return std::string(param.param.name); });

class OtherPool : public testing::TestWithParam<Same> {};

TEST_P(OtherPool, HasAnotherHash) { EXPECT_NE(CanonicalOf(GetParam().yaml), CanonicalOf(kPool)); }

INSTANTIATE_TEST_SUITE_P(
    Changes, OtherPool,
    testing::Values(
        Same{"Value", "version: \"1\"\ninstances: [{name: a, type: noop, pool: 2, spec: {hibernate: no}}]"},
        Same{"Type", "version: \"1\"\ninstances: [{name: a, type: noop, pool: '1', spec: {hibernate: no}}]"},
        Same{"DeepTimestamp",
             "version: \"1\"\ninstances: [{name: a, type: noop, pool: 1, timestamp: 1, "
             "spec: {hibernate: no}}]"},
        Same{"ListOrder",
             "version: \"1\"\ninstances: [{name: b, type: noop, pool: 1, spec: {}}, "
             "{name: a, type: noop, pool: 1, spec: {hibernate: no}}]"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Canonical, IsYamlThatMeansTheSameAgain) {
  const std::string once = CanonicalOf(
      "text: \"tab\\there \\\\ \\\"q\\\" \\x07 \\x7f\"\n"
      "script: |\n  #!/bin/sh\n  echo 'grüße 🙂'\n"
      "numbers: [0x1F, 1_000, 1.50, 1e+3, -0]\nempty: []\nnone:\n");
  EXPECT_EQ(CanonicalOf(once), once);
}

TEST(Canonical, TheHashIsTheDigestOfTheWrittenBytesAndPinned) {
  const Linted linted = Lint(kPool, nullptr);
  ASSERT_TRUE(linted.ok());
  // sha256sum of the canonical text. If it changes, an upgrade of the agent restarts every runner in the
  // field.
  EXPECT_EQ(linted.hash, "18142410a92983e4daefa8eb77ce13a86e3d3db33bcb39823e75437971ff3f2e");
}

}  // namespace
}  // namespace spacelet::pool

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/yaml/tree.h"

namespace spacelet::yaml {
namespace {

using ::testing::HasSubstr;

std::string Repeat(absl::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) absl::StrAppend(&out, text);
  return out;
}

TEST(Parse, NodesCarryTheirPlace) {
  const Parsed parsed = Parse("a: 1\nb:\n  - x\n  - {c: \"no\"}\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.root->Find("a")->text, "1");
  const Node& b = *parsed.root->Find("b");
  EXPECT_EQ(b.items[0].line, 3);
  EXPECT_EQ(b.items[0].column, 5);
  EXPECT_EQ(b.items[1].entries[0].line, 4);
  EXPECT_EQ(b.items[1].entries[0].column, 6);
  EXPECT_TRUE(b.items[1].entries[0].value.quoted);
}

TEST(Parse, ScalarsStayTextAsItWasWritten) {
  for (absl::string_view text :
       {"no", "yes", "010", "0x1F", "1e3", "1_000", "12:30", "2026-01-01", "0.50", "=", "<<"}) {
    const Parsed parsed = Parse(absl::StrCat("k: ", text));
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed.root->Find("k")->text, text);
    EXPECT_FALSE(parsed.root->Find("k")->quoted);
  }
}

TEST(Parse, NothingIsNull) {
  const Parsed parsed = Parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n");
  ASSERT_TRUE(parsed.ok());
  for (absl::string_view key : {"a", "b", "c"}) EXPECT_TRUE(parsed.root->Find(key)->is_null()) << key;
  for (absl::string_view key : {"d", "e"}) EXPECT_TRUE(parsed.root->Find(key)->is_scalar()) << key;
}

TEST(Parse, AMergeKeyIsAKeyLikeAnyOther) {
  const Parsed parsed = Parse("<<: {a: 1}\nb: 2\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.root->entries[0].key, "<<");
  EXPECT_EQ(parsed.root->Find("a"), nullptr);
}

struct Bad {
  std::string text;
  int line, column;
  std::string message;
};

TEST(Parse, WhatIsNotStrictIsAnErrorWithItsPlace) {
  const std::string deep = Repeat("[", 33) + Repeat("]", 33);
  const Bad kBad[] = {
      {"", 0, 0, "nothing is in it"},
      {" \n\t\n", 0, 0, "nothing is in it"},
      {"# only\n# comments\n", 0, 0, "nothing is in it"},
      {"~", 0, 0, "nothing is in it"},
      {"---\n", 0, 0, "nothing is in it"},
      {"a: &x 1\n", 1, 4, "anchors are not allowed"},
      {"a: 1\nb: *x\n", 2, 4, "not valid YAML"},
      {"a: !!str 1\n", 1, 4, "tags are not allowed: write a text that begins with ! in quotes"},
      {"a: !custom {}\n", 1, 4, "tags are not allowed: write a text that begins with ! in quotes"},
      {"a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key a, first on line 1"},
      {"a: 1\n---\nb: 2\n", 2, 1, "a second document"},
      {"a: 1\n...\nb: 2\n", 3, 1, "a second document"},
      {"a: 1\n---\n", 2, 1, "a second document"},
      {"? [a]\n: 1\n", 1, 3, "a key must be a text, not a list"},
      {"~: 1\n", 1, 1, "a key must be a text, not nothing"},
      {"a: \x80\n", 1, 4, "invalid UTF-8"},
      {"a: 1\nb: \xff\xfe\n", 2, 4, "invalid UTF-8"},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       1, 1, "byte order mark"},
      {std::string("\xFF\xFE"
                   "a\0:\0",
                   6),
       1, 1, "UTF-16"},
      {std::string("a: \0b", 5), 1, 4, "U+0000"},
      {"a: \x1b[31m\n", 1, 4, "U+001B"},
      {"a: \xC2\x9B\n", 1, 4, "U+009B"},
      {"a: \xE2\x80\xAE\n", 1, 4, "U+202E"},
      {"a: 1\rb: 2\n", 1, 5, "a carriage return that ends no line"},
      {"\r", 1, 1, "a carriage return that ends no line"},
      {"a: \"\\0\"\n", 1, 4, "NUL"},
      {"a: [-]\n", 1, 5, "in quotes"},
      {"a: \"\\N\"\n", 1, 4, "write \\u0085 for \\N"},
      {"\"\\_\": 1\n", 1, 1, "\\u00a0 for \\_"},
      {deep, 1, 33, "nested more than 32"},
      {std::string(kMaxBytes + 1, 'a'), 0, 0, "larger than 1 MiB"},
      {"a: [1\n", 0, 0, "not valid YAML"},
      {"a: 1\n b: 2\n", 0, 0, "not valid YAML"},
      {"a: \"open\n", 0, 0, "not valid YAML"},
      {"\tb: 1\n", 0, 0, "not valid YAML"},
  };
  for (const Bad& bad : kBad) {
    const std::string name = bad.text.substr(0, 40);
    const Parsed parsed = Parse(bad.text);
    ASSERT_FALSE(parsed.ok()) << name;
    ASSERT_FALSE(parsed.errors.empty()) << name;
    EXPECT_THAT(parsed.errors[0].message, HasSubstr(bad.message)) << name;
    if (bad.line != 0) {
      EXPECT_EQ(parsed.errors[0].line, bad.line) << name;
      EXPECT_EQ(parsed.errors[0].column, bad.column) << name;
    }
  }
}

TEST(Parse, AllDuplicatesAreReportedAtOnceAndTheFirstValueStays) {
  const Parsed parsed = Parse("a: 1\na: 2\nb: {c: 1, c: 2}\n");
  EXPECT_EQ(parsed.errors.size(), 2u);
  ASSERT_TRUE(parsed.root.has_value());
  EXPECT_EQ(parsed.root->Find("a")->text, "1");
}

TEST(Parse, AnAliasIsReportedBesideItsAnchor) {
  const Parsed parsed = Parse("a: &x [1]\nb: *x\n");
  ASSERT_EQ(parsed.errors.size(), 2u);
  EXPECT_THAT(parsed.errors[1].message, HasSubstr("aliases are not allowed"));
  EXPECT_EQ(parsed.errors[1].line, 2);
}

// The budget is generous: these take some milliseconds on an idle machine, and minutes or for ever when a
// limit is lost.
TEST(Parse, HostileTextsEndSoon) {
  const std::string kHostile[] = {
      ",",
      ",,,,",
      "a: 1\n,",
      "a: &x [*x]\n",
      "a: &a [1]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n",
      Repeat("[", 1 << 20),
      Repeat("{", 1 << 20),
      Repeat("{a: ", 1 << 18),
      Repeat("[\n", 1 << 19),
      Repeat("- ", 1 << 19),
      Repeat("? ", 1 << 19),
      Repeat("a: ", 1 << 18),
      Repeat("&a ", 1 << 18),
      Repeat("\"", 1 << 20),
      Repeat("a", 1 << 20),
      Repeat("a,", 1 << 19),
      Repeat("-\n", 1 << 19),
      Repeat("%a\n", 1 << 18),
      Repeat("---\n", 1 << 18),
      "a: |\n" + Repeat("  x\n", 1 << 17),
  };
  for (const std::string& text : kHostile) {
    const auto start = std::chrono::steady_clock::now();
    const Parsed parsed = Parse(text);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took, std::chrono::seconds(20)) << text.substr(0, 20);
    if (std::getenv("SPACELET_TIMES"))
      std::printf("%8.3f ms %s\n", std::chrono::duration<double, std::milli>(took).count(),
                  text.substr(0, 10).c_str());
  }
}

}  // namespace
}  // namespace spacelet::yaml

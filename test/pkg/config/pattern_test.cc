#include "pkg/config/pattern.h"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pkg/config/scalars.h"
#include "pkg/yaml/tree.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

TEST(Pattern, TheWholeTextHasToMatch) {
  const Pattern signal("SIG[A-Z]+");
  EXPECT_TRUE(signal.Matches("SIGINT"));
  for (const char* text : {"", "SIG", "SIGINT ", " SIGINT", "SIGINT\n", "sigint"})
    EXPECT_FALSE(signal.Matches(text)) << text;
  EXPECT_EQ(signal.expression(), "SIG[A-Z]+");
}

// A matcher that goes back would be here until the sun is cold, and one that recurses would be out of stack.
TEST(Pattern, ALongTextTakesATimeThatGrowsWithIt) {
  EXPECT_TRUE(Pattern("(a*)*b?").Matches(std::string(1'000'000, 'a')));
  EXPECT_FALSE(Pattern("(a*)*b").Matches(std::string(1'000'000, 'a')));
}

TEST(Pattern, NothingMatchesOneThatIsNone) {
  for (const char* broken : {"(", "a{1001}", "(?=a)", "\\1"}) {
    EXPECT_FALSE(Pattern(broken).valid()) << broken;
    EXPECT_FALSE(Pattern(broken).Matches("a")) << broken;
    EXPECT_EQ(Pattern(broken).expression(), broken);
  }
}

TEST(Pattern, CopiesOfOneAreUsedByManyThreadsAtOnce) {
  const Pattern digits("[0-9]+");
  std::vector<std::thread> threads;
  std::atomic<int> matches = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([digits, i, &matches] { matches += digits.Matches(absl::StrCat(i)) ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(matches, 8);
}

// Every value of that key, at any depth.
void Collect(const yaml::Node& node, const std::string& key, std::vector<std::string>& out) {
  for (const yaml::Entry& entry : node.entries) {
    if (entry.key == key && entry.value.is_scalar()) out.push_back(entry.value.text);
    Collect(entry.value, key, out);
  }
  for (const yaml::Node& item : node.items) Collect(item, key, out);
}

TEST(Pattern, EachOfTheSchemaIsValidForRe2Too) {
  const yaml::Parsed schema = yaml::Parse(ReadText("manifests/schema/gitspacehost.v1alpha1.json"));
  ASSERT_TRUE(schema.ok());
  std::vector<std::string> patterns;
  Collect(*schema.root, "pattern", patterns);
  EXPECT_GT(patterns.size(), 20u);
  for (const std::string& pattern : patterns) EXPECT_TRUE(Pattern(pattern).valid()) << pattern;
}

// Whether the schema says so of a text without multibyte characters.
bool SchemaTakes(const yaml::Node& schema, const Pattern& pattern, const std::string& text) {
  const yaml::Node* longest = schema.Find("maxLength");
  size_t most = text.size();
  EXPECT_TRUE(longest == nullptr || absl::SimpleAtoi(longest->text, &most));
  return pattern.Matches(text) && text.size() <= most;
}

bool CodecTakes(const Codec<std::string>& codec, const std::string& text) {
  Report report("f");
  std::string out;
  const yaml::Node node = yaml::Node::Text(text);
  return codec.decode({.node = node, .path = "", .report = report}, out);
}

// Pieces of names, so long that each limit is met and passed by some.
TEST(Text, WhatIsMatchedByHandIsWhatTheSchemaSays) {
  const std::vector<std::string> pieces = {"a",
                                           "Z",
                                           "0",
                                           "-",
                                           "_",
                                           ".",
                                           ":",
                                           "/",
                                           "@sha256:",
                                           "a:",
                                           "b/",
                                           std::string(30, 'x'),
                                           std::string(62, 'y'),
                                           std::string(63, 'z'),
                                           std::string(64, 'f'),
                                           std::string(127, '7')};
  std::mt19937 random(20261129);
  for (const auto& codec : {DnsLabel(), ContainerName(), Hostname(), DnsName(), ImageReference()}) {
    Definitions none;
    const yaml::Node schema = codec.schema(none);
    const Pattern pattern(schema.Find("pattern")->text);
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
      std::string text;
      for (size_t count = 1 + random() % 5; count > 0; --count) text += pieces[random() % pieces.size()];
      const bool takes = CodecTakes(codec, text);
      EXPECT_EQ(takes, SchemaTakes(schema, pattern, text)) << codec.type << " " << text;
      taken += takes ? 1 : 0;
    }
    EXPECT_GT(taken, 100) << codec.type;
  }
}

// Whether the text, written without quotes as the value of a field, is refused since others read a number or
// a boolean.
bool IsRefused(const std::string& text) {
  const Loaded loaded =
      Load(WithSpec(absl::StrCat("  network: {labels: {a: b}, name: ", text, "}\n")), "f", Today());
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.message.find("is a number or a boolean to some YAML readers") != std::string::npos)
      return true;
  }
  return false;
}

TEST(Text, WhatOthersReadAsANumberOrABooleanHasToBeQuoted) {
  for (const char* text :
       {"1",    "-1",    "+1",   "007",  "0o17",  "0x1F", "1.", "1.5", ".5",  "-.5", "1e3", "1.5E-3",
        ".inf", "-.INF", ".NaN", "true", "False", "YES",  "no", "On",  "oFF", "y",   "N"})
    EXPECT_TRUE(IsRefused(text)) << text;
}

TEST(Text, EverythingElseMayBePlain) {
  for (const char* text : {"a", "yes1", "nob", "true-ish", "1a", "1.2.3", "0x", "0o8", "-", "+", "..", "e3",
                           "infinity", "26.09.87000", "none"})
    EXPECT_FALSE(IsRefused(text)) << text;
}

}  // namespace
}  // namespace spacelet::config

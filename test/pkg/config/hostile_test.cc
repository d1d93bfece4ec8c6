// Whatever the bytes: an answer, soon, and no crash.
#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

TEST(Hostile, EveryPrefixOfADocumentIsAnswered) {
  const std::string text = ReadText("examples/full.yaml");
  ASSERT_GT(text.size(), 1000u);
  for (size_t size = 0; size < text.size(); size += 7) {
    const Loaded loaded = Load(absl::string_view(text).substr(0, size), "f", Today());
    EXPECT_EQ(loaded.ok(), loaded.document.has_value());
    EXPECT_TRUE(loaded.ok() || !loaded.diagnostics.empty()) << size;
  }
}

TEST(Hostile, RandomChangesAreAnswered) {
  const std::string text = ReadText("examples/minimal.yaml");
  std::mt19937 random(20261122);
  for (int round = 0; round < 300; ++round) {
    std::string changed = text;
    for (int i = 0; i < 1 + round % 5; ++i) changed[random() % changed.size()] = static_cast<char>(random());
    const Loaded loaded = Load(changed, "f", Today());
    EXPECT_TRUE(loaded.ok() || !loaded.diagnostics.empty()) << changed;
  }
}

TEST(Hostile, ManyMistakesAreCutOffSoon) {
  std::string spec = "  runner: {image: a:1}\n";
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&spec, "  k", i, ": 1\n");
  const auto start = std::chrono::steady_clock::now();
  const Loaded loaded = Load(WithSpec(spec), "f", Today());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  EXPECT_EQ(loaded.diagnostics.size(), 100u);
}

TEST(Hostile, ALongListIsRefusedUnread) {
  std::string spec = "  containers:\n";
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&spec, "  - {name: c", i, ", image: \"a:1\"}\n");
  const Loaded loaded = Load(WithSpec(spec), "f", Today());
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].message, "has 1001 items: at most 1000 are read");
}

TEST(Hostile, ManyPortsOfManyContainersAreComparedSoon) {
  std::string spec = "  containers:\n";
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&spec, "  - name: c", i, "\n    image: \"a:1\"\n    ports:\n");
    for (int k = 1; k <= 1000; ++k) absl::StrAppend(&spec, "    - \"10.0.0.", i, ":", k, ":80\"\n");
  }
  absl::StrAppend(&spec, "  - {name: last, image: \"a:1\", ports: [\"0.0.0.0:7:80\", \"10.0.0.3:9:80\"]}\n");
  const auto start = std::chrono::steady_clock::now();
  const Loaded loaded = Load(WithSpec(spec), "f", Today());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  ASSERT_EQ(loaded.diagnostics.size(), 3u) << ToText(loaded.diagnostics);  // and a warning of all interfaces
  EXPECT_EQ(loaded.diagnostics[1].message, "host port 7 is taken by spec.containers[0].ports[6]");
  EXPECT_EQ(loaded.diagnostics[2].message, "host port 9 is taken by spec.containers[3].ports[8]");
}

TEST(Hostile, LongTextsAreRefusedWhereAPatternIsExpected) {
  const std::string longest(500'000, 'a');
  for (const char* field :
       {"image", "hostname", "containerName", "stopGracePeriod", "restartPolicy", "platform"})
    EXPECT_FALSE(
        Load(WithSpec(absl::StrCat("  runner: {image: a:1, ", field, ": ", longest, "}\n")), "f", Today())
            .ok())
        << field;
}

TEST(Hostile, ANameIsAsLongAsWhatItNamesAllows) {
  const std::string label(63, 'b');
  const std::vector<std::pair<std::string, size_t>> longest = {
      {"  containers: [{image: a:1, name: $0}]\n", 63},
      {"  runner: {image: a:1, containerName: $0}\n", 128},
      {"  runner: {image: a:1, hostname: $0}\n", 63},
      {"  runner: {image: a:1, hostname: b.$0}\n", 62},
      {"  runner: {image: a:1, networkAliases: [$0]}\n", 63},
      {absl::StrCat("  runner: {image: a:1, networkAliases: [", label, ".", label, ".", label, ".$0]}\n"),
       61},
      {"  runner: {image: \"b.example:5000/a:$0\"}\n", 128},
  };
  for (const auto& [spec, length] : longest) {
    for (const size_t more : {0, 1}) {
      const Loaded loaded =
          Load(WithSpec(absl::StrReplaceAll(spec, {{"$0", std::string(length + more, 'a')}})), "f", Today());
      EXPECT_EQ(loaded.ok(), more == 0) << spec << ToText(loaded.diagnostics);
    }
  }
}

}  // namespace
}  // namespace spacelet::config

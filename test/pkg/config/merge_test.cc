#include "pkg/config/merge.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

using ::testing::HasSubstr;

struct Merged {
  yaml::Node tree;
  std::string said;
  std::string text() const { return yaml::Emit(tree); }
};

Merged MergeTexts(const std::string& base, const std::string& overlay) {
  Report report("base");
  report.AddFile("over");
  yaml::Node tree = Merge(*yaml::Parse(base, 0).root, *yaml::Parse(overlay, 1).root, report);
  return {std::move(tree), ToText(report.TakeInFileOrder())};
}

TEST(Merge, FollowsTheRules) {
  const struct {
    const char *rule, *base, *overlay, *expected;
  } kCases[] = {
      {"maps merge key by key", "a: {b: 1, c: 2}", "a: {c: 3, d: 4}", "a: {b: 1, c: 3, d: 4}"},
      {"scalars replace", "a: 1", "a: \"2\"", "a: \"2\""},
      {"lists replace", "a: [1, 2]", "a: [3]", "a: [3]"},
      {"an empty list replaces", "a: [1, 2]", "a: []", "a: []"},
      {"an empty map changes nothing", "a: {b: 1}", "a: {}", "a: {b: 1}"},
      {"null removes", "a: 1\nb: {c: 1, d: 2}", "a: null\nb: {c: ~}", "b: {d: 2}"},
      {"null removes a whole map", "a: {b: {c: 1}}", "a: {b: null}", "a: {}"},
      {"what is new comes last", "a: 1", "c: 3\nb: 2", "a: 1\nc: 3\nb: 2"},
      {"nothing in the base is filled", "a: null", "a: {b: 1}", "a: {b: 1}"},
      {"null in a list is no removal", "a: [1]", "a: [null]", "a: [null]"},
      {"env values may change their kind", "env: {A: x, B: {file: /b}}", "env: {A: {file: /a}, B: y}",
       "env: {A: {file: /a}, B: y}"},
      {"ulimits may change their kind", "ulimits: {nofile: 1}", "ulimits: {nofile: {soft: 1, hard: 2}}",
       "ulimits: {nofile: {soft: 1, hard: 2}}"},
      {"containers merge by name, in the order of the base, then the new ones",
       "spec: {containers: [{name: a, image: x, env: {K: 1}}, {name: b}]}",
       "spec: {containers: [{name: c}, {name: a, env: {L: 2}}]}",
       "spec: {containers: [{name: a, image: x, env: {K: 1, L: 2}}, {name: b}, {name: c}]}"},
      {"containers are taken away", "spec: {containers: [{name: a}, {name: b}]}",
       "spec: {containers: [{name: a, $patch: delete}]}", "spec: {containers: [{name: b}]}"},
      {"all containers are taken away", "spec: {containers: [{name: a}], x: 1}", "spec: {containers: null}",
       "spec: {x: 1}"},
      {"containers of the overlay alone", "spec: {}", "spec: {containers: [{name: a}]}",
       "spec: {containers: [{name: a}]}"},
      {"two of a name in one overlay stay two, for the reader to complain", "spec: {containers: [{name: a}]}",
       "spec: {containers: [{name: a, x: 1}, {name: a}]}",
       "spec: {containers: [{name: a, x: 1}, {name: a}]}"},
      {"containers elsewhere are a list", "containers: [{name: a}]", "containers: [{name: b}]",
       "containers: [{name: b}]"},
      {"what is no container is kept for the reader to complain", "spec: {containers: [1, {x: 1}]}",
       "spec: {containers: [2, {name: [a]}]}", "spec: {containers: [1, {x: 1}, 2, {name: [a]}]}"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.rule);
    const Merged merged = MergeTexts(c.base, c.overlay);
    EXPECT_EQ(merged.text(), yaml::Emit(*yaml::Parse(c.expected).root));
    EXPECT_EQ(merged.said, "");
  }
}

TEST(Merge, KindsThatDoNotFitAreAnErrorThatNamesBothPlaces) {
  for (const char* other : {"[1]", "{b: 1}", "x"}) {
    for (const char* overlay : {"[2]", "{b: 2}", "y"}) {
      if (yaml::Parse(other).root->kind == yaml::Parse(overlay).root->kind) continue;
      const Merged merged =
          MergeTexts(absl::StrCat("r: {a: ", other, "}"), absl::StrCat("r:\n  a: ", overlay));
      EXPECT_THAT(merged.said, HasSubstr("over:2:6: r.a: is "));
      EXPECT_THAT(merged.said, HasSubstr(" at base:1:8: they cannot be merged"));
      EXPECT_EQ(merged.text(), MergeTexts(absl::StrCat("r: {a: ", other, "}"), "{}").text());
    }
  }
}

TEST(Merge, ARemovalOfNothingIsAWarning) {
  const Merged merged =
      MergeTexts("a: 1", "b: null\nc: {d: null, e: 1}\nspec: {containers: [{name: x, $patch: delete}]}");
  EXPECT_EQ(merged.text(), "a: 1\nc:\n  e: 1\nspec:\n  containers: []\n");
  EXPECT_EQ(merged.said,
            "over:1:1: warning: b: null removes nothing: no file before has it\n"
            "over:2:5: warning: c.d: null removes nothing: no file before has it\n"
            "over:3:21: warning: spec.containers[0]: removes nothing: no file before has a container of that "
            "name\n");
}

TEST(Merge, EveryNodeKeepsItsFileAndItsPlace) {
  const Merged merged = MergeTexts("a: {b: 1, c: 2}\nd: [1]", "\n\na:\n  c: 3\n  e: {f: 4}\nd: [2]");
  const yaml::Node& a = *merged.tree.Find("a");
  EXPECT_EQ(PlaceOf(a), (Position{1, 4, 0}));
  EXPECT_EQ(PlaceOf(*a.Find("b")), (Position{1, 8, 0}));
  EXPECT_EQ(PlaceOf(*a.Find("c")), (Position{4, 6, 1}));
  EXPECT_EQ(PlaceOfKey(a.entries[1]), (Position{4, 3, 1}));
  EXPECT_EQ(PlaceOf(*a.Find("e")->Find("f")), (Position{5, 10, 1}));
  EXPECT_EQ(PlaceOf(merged.tree.Find("d")->items[0]), (Position{6, 5, 1}));
}

// A tree of the few words that the rules know, so that they meet often.
class Trees {
 public:
  explicit Trees(uint32_t seed) : random_(seed) {}

  yaml::Node Map(int depth) {
    yaml::Node map = yaml::Node::Map();
    for (const char* key : {"spec", "containers", "env", "name", "$patch", "a"})
      if (Pick(2) == 0) map.Add(key, Any(depth - 1));
    return map;
  }

 private:
  yaml::Node Any(int depth) {
    switch (Pick(depth > 0 ? 5 : 2)) {
      case 0:
        return yaml::Node::Text(std::vector<std::string>{"a", "b", "delete"}[Pick(3)]);
      case 1:
        return {};
      case 2:
        return List(depth);
      default:
        return Map(depth);
    }
  }
  yaml::Node List(int depth) {
    yaml::Node list = yaml::Node::Sequence();
    for (size_t i = Pick(4); i > 0; --i) list.items.push_back(Any(depth - 1));
    return list;
  }
  size_t Pick(size_t n) { return random_() % n; }

  std::mt19937 random_;
};

std::string MergeTrees(const yaml::Node& base, const yaml::Node& overlay, Report& report) {
  return yaml::Emit(Merge(base, overlay, report));
}

TEST(Merge, OfAnyTreesIsTotalAndHasTheseProperties) {
  Trees trees(20261128);
  for (int round = 0; round < 20'000; ++round) {
    const yaml::Node base = trees.Map(5), overlay = trees.Map(5), nothing = yaml::Node::Map();
    Report report("base");
    // With nothing it is the identity.
    ASSERT_EQ(MergeTrees(base, nothing, report), yaml::Emit(base));
    ASSERT_FALSE(report.has_errors());
    // The same input gives the same text, and what was merged without an error changes nothing when it is
    // merged again (but for containers, of which one may be deleted and named again).
    const yaml::Node once = Merge(base, overlay, report);
    Report other("base");
    ASSERT_EQ(MergeTrees(base, overlay, other), yaml::Emit(once));
    const bool has_containers = yaml::Emit(overlay).find("containers") != std::string::npos;
    if (!report.has_errors() && !has_containers) {
      ASSERT_EQ(MergeTrees(once, overlay, report), yaml::Emit(once))
          << yaml::Emit(base) << yaml::Emit(overlay);
    }
  }
}

TEST(Merge, OfManyKeysIsSoonDone) {
  std::string base, overlay;
  for (int i = 0; i < 80'000; ++i) {
    absl::StrAppend(&base, "k", i, ": 1\n");
    absl::StrAppend(&overlay, "k", i, i % 2 == 0 ? ": null\n" : ": 2\n");
  }
  EXPECT_EQ(MergeTexts(base, overlay).tree.entries.size(), 40'000u);
}

}  // namespace
}  // namespace spacelet::config

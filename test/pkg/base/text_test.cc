#include "pkg/base/text.h"

#include <gtest/gtest.h>

namespace spacelet::base {
namespace {

TEST(Nearest, FindsTypingMistakesAndNothingFartherAway) {
  const std::vector<std::string> fields = {"image", "imagePullPolicy", "env", "resources", "restartPolicy"};
  const struct {
    const char* word;
    std::optional<std::string> expected;
  } kCases[] = {
      {"imgae", "image"},
      {"Image", "image"},
      {"resource", "resources"},
      {"imagepullpolicy", "imagePullPolicy"},
      {"enx", "env"},
      {"restart", std::nullopt},
      {"x", std::nullopt},
      {"", std::nullopt},
      {"volumes", std::nullopt},
      {"restartPolciy", "restartPolicy"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Nearest(c.word, fields), c.expected) << c.word;
}

TEST(Nearest, TheFirstOfEquallyNearOnesWins) {
  EXPECT_EQ(Nearest("bat", {"cat", "hat"}), "cat");
  EXPECT_EQ(Nearest("bat", {}), std::nullopt);
}

TEST(OneLine, MakesHostileTextHarmless) {
  const struct {
    std::string text, expected;
  } kCases[] = {
      {"plain text, größer", "plain text, größer"},
      {"two\nlines\r", "two\\x0alines\\x0d"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"\x7f", "\\x7f"},
      {"\u202egnp.exe", "\\u{202E}gnp.exe"},
      {"\u2028\ufeff\u0085", "\\u{2028}\\u{FEFF}\\u{0085}"},
      {"bad \xff\xc3", "bad \\xff\\xc3"},
      {std::string("nul\0!", 5), "nul\\x00!"},
      {"", ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(OneLine(c.text), c.expected);
}

TEST(OneLine, CutsBetweenCharacters) {
  EXPECT_EQ(OneLine("abcdef", 6), "abcdef");
  EXPECT_EQ(OneLine("abcdefg", 6), "abcdef…");
  EXPECT_EQ(OneLine("aéé", 4), "aé…");
  EXPECT_EQ(OneLine("a\nb", 4), "a…");
}

TEST(IsValidUtf8, RefusesWhatRfc3629Refuses) {
  const struct {
    const char* text;
    bool valid;
  } kCases[] = {
      {"", true},
      {"ascii", true},
      {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true},
      {"\xf4\x8f\xbf\xbf", true},   // U+10FFFF
      {"\xf4\x90\x80\x80", false},  // beyond
      {"\xc0\xaf", false},          // overlong
      {"\xe0\x80\xaf", false},      // overlong
      {"\xf0\x80\x80\xaf", false},  // overlong
      {"\xed\xa0\x80", false},      // surrogate
      {"\x80", false},              // continuation first
      {"\xe2\x82", false},          // cut
      {"\xe2\x28\xa1", false},      // no continuation
      {"\xfe", false},
      {"\xff", false},
  };
  for (const auto& c : kCases) EXPECT_EQ(IsValidUtf8(c.text), c.valid) << testing::PrintToString(c.text);
}

}  // namespace
}  // namespace spacelet::base

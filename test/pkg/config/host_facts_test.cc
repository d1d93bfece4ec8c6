#include "pkg/config/host_facts.h"

#include "gtest/gtest.h"

namespace spacelet::config {
namespace {

using Kind = Piece::Kind;

absl::StatusOr<std::string> Known(const std::string& name) {
  if (name == "zone") return absl::UnavailableError("nobody answers");
  return name == "name" ? "west" : "i-1";
}

TEST(HostFacts, AreSubstitutedAndNothingElseIs) {
  const struct {
    const char *text, *expected;
  } kCases[] = {
      {"", ""},
      {"plain", "plain"},
      {"${host.name}", "west"},
      {"a-${host.name}-${host.instanceId}.b", "a-west-i-1.b"},
      {"${host.name}${host.name}", "westwest"},
      {"${X} $X $$ ${HOST.name} ${host} ${ host.name }", "${X} $X $$ ${HOST.name} ${host} ${ host.name }"},
      {"$${host.name}", "${host.name}"},
      {"$$${host.name}", "$${host.name}"},
      {"$${host.nothing", "${host.nothing"},
      {"$", "$"},
      {"x$$", "x$$"},
      {"$$$${host.name}", "$$${host.name}"},
  };
  for (const auto& c : kCases) {
    Facts used;
    EXPECT_EQ(*Substitute(c.text, Known, used), c.expected) << c.text;
  }
}

TEST(HostFacts, ATextThatIsEscapedIsReadAsItself) {
  for (const char* text : {"", "$", "${host.name}", "$${host.name}", "a$$${host.", "${host.${host.x}}"}) {
    Facts used;
    EXPECT_EQ(*Substitute(EscapeReferences(text), nullptr, used), text);
    EXPECT_TRUE(ReferencesIn(EscapeReferences(text)).empty()) << text;
  }
}

TEST(HostFacts, WhatOnlyBeginsLikeAReferenceIsTold) {
  for (const char* text : {"${host.", "${host.}", "${host.name", "${host.name:-x}", "${host.na me}"})
    EXPECT_EQ(SplitReferences(text).front().kind, Kind::kBroken) << text;
  EXPECT_EQ(
      SplitReferences("a${host.name:-x}"),
      (std::vector<Piece>{{Kind::kPlain, "a"}, {Kind::kBroken, "${host.name"}, {Kind::kPlain, ":-x}"}}));
}

TEST(HostFacts, AreAskedOnceAndOnlyForWhatIsUsed) {
  int asked = 0;
  const AskFact count = [&](const std::string&) -> absl::StatusOr<std::string> {
    ++asked;
    return "x";
  };
  Facts used;
  ASSERT_TRUE(Substitute("no fact $${host.zone}", count, used).ok());
  EXPECT_EQ(asked, 0);
  ASSERT_TRUE(Substitute("${host.name} ${host.name}", count, used).ok());
  ASSERT_TRUE(Substitute("${host.name}", count, used).ok());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(used, (Facts{{"name", "x"}}));
}

TEST(HostFacts, OneThatIsNotKnownIsSaidWithTheReason) {
  Facts used;
  EXPECT_EQ(Substitute("${host.zone}", Known, used).status(),
            absl::UnavailableError("${host.zone} is not known: nobody answers"));
}

TEST(HostFacts, AValueThatCouldLeadElsewhereOrSayMoreIsNone) {
  for (const char* value : {"", "a/b", "..", "a b", "$(reboot)", "a\nb", "\xc3\xa9", "a;b", "${host.name}"}) {
    Facts used;
    const AskFact lies = [&](const std::string&) { return std::string(value); };
    EXPECT_TRUE(absl::IsUnavailable(Substitute("${host.zone}", lies, used).status())) << value;
  }
  EXPECT_TRUE(IsFactValue("us-west1-b") && IsFactValue("4520031799277581759") && IsFactValue("i-0a"));
  EXPECT_FALSE(IsFactValue(std::string(64, 'a')));
}

TEST(HostFacts, ANameIsADnsLabel) {
  for (const char* good : {"a", "a1", "gitspaces-west", "0"}) EXPECT_TRUE(IsDnsLabel(good)) << good;
  for (const char* bad : {"", "-a", "a-", "A", "a_b", "a.b"}) EXPECT_FALSE(IsDnsLabel(bad)) << bad;
}

}  // namespace
}  // namespace spacelet::config

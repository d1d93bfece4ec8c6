#include "pkg/httpserver/node.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace spacelet::httpserver {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const char kHostile[] = "</p><script>alert('1')</script>&amp;\"";

std::string Html(const Node& node) { return ToHtml({node}, kNow); }

TEST(Node, TextAndAttributesAreEscapedInHtml) {
  EXPECT_EQ(Html(Element("p", {{"title", kHostile}}, {Text(kHostile)})),
            "<p title=\"&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;&quot;\">"
            "&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;&quot;</p>");
}

TEST(Node, ATimeIsRelativeForPeopleAndAbsoluteInItsAttributes) {
  EXPECT_EQ(Html(Since(kNow - absl::Minutes(5))),
            R"(<time datetime="2023-11-14T22:08:20Z" title="2023-11-14 22:08:20 UTC">5m</time>)");
}

TEST(SentNodes, WritesElementsAsArraysAndTextAsItIs) {
  EXPECT_EQ(SentNodes().ToJson({Element("p", {{"class", "a"}}, {Text(kHostile), Element("b")})}),
            nlohmann::json({{"p", {{"class", "a"}}, kHostile, {"b", nlohmann::json::object()}}}).dump());
}

TEST(SentNodes, ATimeHasNoWordsSinceTheyAreTheReadersClocks) {
  EXPECT_EQ(SentNodes().ToJson({Since(kNow)}),
            R"([["time",{"datetime":"2023-11-14T22:13:20Z","title":"2023-11-14 22:13:20 UTC"}]])");
}

TEST(SentNodes, WhatDidNotChangeIsNotSentAgain) {
  const auto page = [](const char* first, const char* second) {
    return std::vector<Node>{
        Element("section", {{"id", "all"}},
                {Element("p", {{"id", "a"}}, {Text(first)}), Element("p", {{"id", "b"}}, {Text(second)})})};
  };
  SentNodes sent;
  sent.ToJson(page("1", "1"));
  EXPECT_EQ(sent.ToJson(page("1", "1")), R"([{"same":"all"}])");
  EXPECT_EQ(sent.ToJson(page("1", "2")), R"([["section",{"id":"all"},{"same":"a"},["p",{"id":"b"},"2"]]])");
  EXPECT_EQ(sent.ToJson(page("1", "2")), R"([{"same":"all"}])");
}

TEST(SentNodes, WhatWentAndComesBackIsSentInFull) {
  const Node a = Element("p", {{"id", "a"}});
  SentNodes sent;
  sent.ToJson({a});
  sent.ToJson({});
  EXPECT_EQ(sent.ToJson({a}), R"([["p",{"id":"a"}]])");
}

TEST(SentNodes, InvalidUtf8IsReplaced) {
  const std::string json = SentNodes().ToJson({Element("p", {{"id", "\xff"}}, {Text("\xfe")})});
  EXPECT_TRUE(nlohmann::json::accept(json)) << json;
}

}  // namespace
}  // namespace spacelet::httpserver

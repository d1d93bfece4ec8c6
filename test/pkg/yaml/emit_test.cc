#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pkg/yaml/tree.h"

namespace spacelet::yaml {
namespace {

// The tree without its places.
std::string Shape(const Node& node) {
  std::string out = node.is_null() ? "null" : "";
  if (node.is_scalar()) out = (node.quoted ? "q:" : "p:") + node.text;
  for (const Node& item : node.items) out += "[" + Shape(item) + "]";
  for (const Entry& entry : node.entries) out += "{" + entry.key + "=" + Shape(entry.value) + "}";
  return out;
}

TEST(Emit, WhatIsEmittedReadsAsTheSameTree) {
  const std::string long_key(1100, 'k');
  for (const std::string& text : {
           absl::StrCat("- ? ", long_key, "\n  : {? ", long_key, " : [1]}\n"),
           std::string(" ---"),
           std::string("a: 1\nb: [x, {c: no, d: \"no\"}, [], {}, ~]\n"),
           std::string("- a\n- - b\n  - c\n- d: e\n  f: [g]\n"),
           std::string("k: |\n  two\n  lines\n"),
           std::string("'key with: colon': '# no comment'\n'': ''\n'yes': \"\\t\\\"\\\\ \\e[0m\"\n"),
           std::string("text: 'ä € \xF0\x9F\x98\x80'\n"),
           std::string("q: \"\\u009b \\u202e \\ufeff \\u2028 \\u2014\"\n"),
           std::string("plain: a b c\nurl: http://x:3000/\nzone: [us-west1-a]\n"),
           std::string("word"),
           std::string("'quoted'"),
       }) {
    const Parsed once = Parse(text);
    ASSERT_TRUE(once.ok()) << text;
    const std::string emitted = Emit(*once.root);
    const Parsed twice = Parse(emitted);
    ASSERT_TRUE(twice.ok()) << emitted << twice.errors[0].message;
    EXPECT_EQ(Shape(*once.root), Shape(*twice.root)) << emitted;
    EXPECT_EQ(emitted, Emit(*twice.root));
  }
}

TEST(Emit, IsBlockStyle) {
  const Parsed parsed = Parse("{version: \"1\", instances: [{name: a, spec: {zone: [z1, z2]}}]}");
  EXPECT_EQ(Emit(*parsed.root),
            "version: \"1\"\n"
            "instances:\n"
            "  - name: a\n"
            "    spec:\n"
            "      zone:\n"
            "        - z1\n"
            "        - z2\n");
}

TEST(Emit, ATreeBuiltByHandQuotesWhatWouldReadAsSomethingElse) {
  Node map = Node::Map();
  map.Add("plain", Node::Text("drone/drone-runner-aws:1.0"));
  map.Add("word", Node::Text("no"));
  map.Add("number", Node::Text("010"));
  map.Add("true", Node::Plain("true"));
  EXPECT_EQ(Emit(map), "plain: drone/drone-runner-aws:1.0\nword: \"no\"\nnumber: \"010\"\n\"true\": true\n");
}

}  // namespace
}  // namespace spacelet::yaml

#include "pkg/pool/scalar.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::pool {
namespace {

Scalar Plain(const std::string& text) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kScalar;
  node.text = text;
  return Resolve(node);
}

TEST(Scalar, PlainWordsMeanWhatYaml11SaysBecauseTheRunnerReadsIt) {
  for (const char* text : {"true", "False", "yes", "NO", "on", "Off", "y", "N"})
    EXPECT_EQ(Plain(text), Scalar::kBool) << text;
  for (const char* text : {"0", "-3", "+3", "1_000", "0x1F", "0X1f", "0b1_1", "0o17", "007"})
    EXPECT_EQ(Plain(text), Scalar::kInt) << text;
  for (const char* text : {"1.5", ".5", "1.", "1e3", "-1.5E-3", "1.10", ".inf", ".nan"})
    EXPECT_EQ(Plain(text), Scalar::kNumber) << text;
  for (const char* text : {"~", "null", "Null", "NULL"}) EXPECT_EQ(Plain(text), Scalar::kNull) << text;
  for (const char* text : {"us-west1-a", "1.2.3", "t3.nano", "-", "+", ".", "e3", "1e", "0x", "0x_", "0xZZ",
                           "0b2", "0o8", "2024-01-01", "yEs", "nULL", "1 2", "_1", "/runner/sa.json"})
    EXPECT_EQ(Plain(text), Scalar::kText) << text;
}

TEST(Scalar, AQuotedScalarIsAlwaysAText) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kScalar;
  node.quoted = true;
  for (const char* text : {"true", "1", "", "null", "~"}) {
    node.text = text;
    EXPECT_EQ(Resolve(node), Scalar::kText) << text;
  }
}

TEST(Scalar, NothingIsNull) { EXPECT_EQ(Resolve(yaml::Node()), Scalar::kNull); }

}  // namespace
}  // namespace spacelet::pool

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "pkg/secret/secret.h"

namespace spacelet::secret {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Redacted(const std::vector<std::string>& secrets, const std::string& text) {
  Redactor redactor;
  for (const std::string& secret : secrets) redactor.Add(secret);
  return redactor.Redact(text);
}

TEST(Redactor, HidesEveryFormOfASecret) {
  const std::string secret = "p\"a/s\\s <w>+ö?&";
  const struct {
    const char* form;
    std::string text;
  } kCases[] = {
      {"plain", secret},
      {"base64", absl::Base64Escape(secret)},
      {"base64url", absl::WebSafeBase64Escape(secret)},
      {"URL", "p%22a%2Fs%5Cs%20%3Cw%3E%2B%C3%B6%3F%26"},
      {"URL in lower case", "p%22a%2fs%5cs%20%3cw%3e%2b%c3%b6%3f%26"},
      {"form", "p%22a%2Fs%5Cs+%3Cw%3E%2B%C3%B6%3F%26"},
      {"JSON", "p\\\"a/s\\\\s <w>+ö?&"},
      {"Go's JSON", "p\\\"a/s\\\\s \\u003cw\\u003e+ö?\\u0026"},
      {"JSON with escaped slash", "p\\\"a\\/s\\\\s <w>+ö?&"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Redacted({secret}, "a " + c.text + " z"), "a *** z") << c.form;
}

TEST(Redactor, HidesBase64WithAndWithoutPadding) {
  for (const std::string secret : {"hunter22", "hunter222", "hunter2222"}) {
    const std::string padded = absl::Base64Escape(secret);
    const std::string unpadded = padded.substr(0, padded.find('='));
    EXPECT_EQ(Redacted({secret}, padded + "!"), "***!");
    EXPECT_EQ(Redacted({secret}, unpadded + "!"), "***!");
  }
}

TEST(Redactor, HidesASecretInsideALongerBase64Text) {
  const std::string secret = "correct-horse-battery";
  for (size_t before = 0; before < 6; ++before) {
    for (size_t after = 0; after < 3; ++after) {
      const std::string whole =
          absl::Base64Escape(std::string(before, '{') + secret + std::string(after, '}'));
      const std::string redacted = Redacted({secret}, whole);
      EXPECT_THAT(redacted, HasSubstr("***"));
      // What is left around the mask tells at most the bits of the secret's outermost bytes.
      EXPECT_LE(redacted.size(), whole.size() + 3 - 8 * (secret.size() - 1) / 6 + 1) << redacted;
    }
  }
}

TEST(Redactor, HidesEachLongLineOfASecretOfSeveralLines) {
  const std::string key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n  AoIBAQC7VJTUt9Us8cKj\n}\n";
  const std::string log = "key is\nMIIEvQIBADANBgkqhkiG\nand AoIBAQC7VJTUt9Us8cKj }";
  EXPECT_EQ(Redacted({key}, log), "key is\n***\nand *** }");
  EXPECT_EQ(Redacted({"line one is long\nx"}, "got \"line one is long\\nx\""), "got \"***\"");
  EXPECT_EQ(Redacted({"line one is long\nx"}, "got line one is long\\x0ax"), "got ***");
}

TEST(Redactor, OverlappingSecretsLeaveNothing) {
  EXPECT_EQ(Redacted({"abcdef", "defghi"}, "<abcdefghi>"), "<***>");
  EXPECT_EQ(Redacted({"abcd", "abcdefgh"}, "<abcdefgh>"), "<***>");
  EXPECT_EQ(Redacted({"bcde", "abcdefgh"}, "<abcdefgh><bcde>"), "<***><***>");
  EXPECT_EQ(Redacted({"aaaa"}, "aaaaaaa"), "***");
}

TEST(Redactor, NeighboursAreMaskedEach) {
  EXPECT_EQ(Redacted({"abcd", "efgh"}, "abcdefgh abcd"), "****** ***");
}

TEST(Redactor, IgnoresShortSecretsAndOtherText) {
  EXPECT_EQ(Redacted({"", "a", "abc"}, "abc abc"), "abc abc");
  EXPECT_EQ(Redacted({"secret"}, "secre t"), "secre t");
  EXPECT_EQ(Redacted({"secret"}, ""), "");
  EXPECT_EQ(Redacted({}, "text"), "text");
}

TEST(Redactor, HandlesBytesThatAreNoText) {
  const std::string secret("\0\xff\x80z", 4);
  EXPECT_EQ(Redacted({secret}, "a" + secret + "b"), "a***b");
}

TEST(Redactor, OldSecretsStayKnownUpToTheLimitAndUsedOnesForEver) {
  Redactor redactor;
  const auto secret = [](size_t i) { return absl::StrCat("secret-", i, "-end"); };
  for (size_t i = 0; i < Redactor::kMaxSecrets + 10; ++i) {
    redactor.Add("in use all the time");
    redactor.Add(secret(i));
  }
  EXPECT_EQ(redactor.Redact("in use all the time"), "***");
  EXPECT_EQ(redactor.Redact(secret(20)), "***");
  EXPECT_EQ(redactor.Redact(secret(0)), secret(0));
}

TEST(Redactor, AddsAndRedactsFromManyThreads) {
  Redactor redactor;
  redactor.Add("first-secret");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&redactor, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string secret = absl::StrCat("secret-", t, "-", i);
        redactor.Add(secret);
        EXPECT_EQ(redactor.Redact("first-secret " + secret), "*** ***");
      }
    });
  }
}

}  // namespace
}  // namespace spacelet::secret

#include "pkg/cloudinit/package.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"

namespace spacelet::cloudinit {
namespace {

const char kDigest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

Package Parsed(absl::string_view source, absl::string_view sha256 = "") {
  const absl::StatusOr<Package> package = ParsePackage(source, sha256);
  EXPECT_TRUE(package.ok()) << package.status();
  return package.ok() ? *package : Package{};
}

std::string Refused(absl::string_view source, absl::string_view sha256 = "") {
  const absl::StatusOr<Package> package = ParsePackage(source, sha256);
  EXPECT_TRUE(absl::IsInvalidArgument(package.status())) << source;
  return std::string(package.status().message());
}

TEST(ParsePackage, TakesAUrlAPathOrNothing) {
  EXPECT_EQ(Parsed("https://example.org/a.deb"), (Package{"https://example.org/a.deb", ""}));
  EXPECT_EQ(Parsed("/mnt/payload/a_1-1~deb12.deb"), (Package{"/mnt/payload/a_1-1~deb12.deb", ""}));
  EXPECT_EQ(Parsed(""), Package{});
  EXPECT_TRUE(Parsed("https://example.org/a.deb").is_url());
  EXPECT_FALSE(Parsed("/a.deb").is_url());
}

TEST(ParsePackage, TakesTheDigestFromTheFlagOrTheFragmentInAnyCase) {
  const Package expected = {"https://example.org/a.deb", kDigest};
  EXPECT_EQ(Parsed("https://example.org/a.deb", kDigest), expected);
  EXPECT_EQ(Parsed(std::string("https://example.org/a.deb#sha256=") + kDigest), expected);
  EXPECT_EQ(Parsed("https://example.org/a.deb", absl::AsciiStrToUpper(kDigest)), expected);
  EXPECT_EQ(Parsed(std::string("https://example.org/a.deb#sha256=") + kDigest, kDigest), expected);
  EXPECT_EQ(Parsed("/a.deb", kDigest), (Package{"/a.deb", kDigest}));
}

TEST(ParsePackage, RefusesWhatAScriptOrATemplateWouldReadAsItsOwn) {
  for (const char* source : {"https://example.org/a'b.deb", "https://example.org/$(id).deb",
                             "https://example.org/a b.deb", "https://example.org/${x}.deb",
                             "https://example.org/a\n.deb", "/a'b.deb", "/a b.deb", "/a;b.deb", "/$x.deb"})
    Refused(source);
}

TEST(ParsePackage, RefusesWhatIsNeitherUrlNorAbsolutePath) {
  for (const char* source :
       {"a.deb", "./a.deb", "ftp://example.org/a.deb", "https://", "https://example.org", "/"})
    Refused(source);
  EXPECT_NE(Refused("build/a.deb").find("absolute path"), std::string::npos);
}

TEST(ParsePackage, RefusesAPasswordInTheUrlAndDoesNotRepeatIt) {
  EXPECT_EQ(Refused("https://me:canary@example.org/a.deb").find("canary"), std::string::npos);
}

TEST(ParsePackage, RefusesHttpWithoutADigest) {
  Refused("http://example.org/a.deb");
  Parsed("http://example.org/a.deb", kDigest);
}

TEST(ParsePackage, RefusesDigestsThatAreNoneOrDiffer) {
  Refused("https://example.org/a.deb", "123");
  Refused("https://example.org/a.deb", std::string(64, 'g'));
  Refused("https://example.org/a.deb#sha256=");
  Refused(std::string("https://example.org/a.deb#sha256=") + kDigest, std::string(64, 'a'));
  Refused("", kDigest);
}

}  // namespace
}  // namespace spacelet::cloudinit

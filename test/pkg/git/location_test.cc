#include "pkg/git/location.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::git {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseLocation, TakesEachPlaceApart) {
  struct Case {
    const char *text, *url, *host, *repository, *path, *ref;
    Transport transport;
  };
  const Case cases[] = {
      {"git+https://github.com/acme/hosts.git//eu/host.yaml?ref=main", "https://github.com/acme/hosts.git",
       "github.com", "hosts.git", "eu/host.yaml", "main", Transport::kHttps},
      {"git+https://git.example.com:8443/hosts//host.yaml", "https://git.example.com:8443/hosts",
       "git.example.com:8443", "hosts", "host.yaml", "", Transport::kHttps},
      {"git+https://[::1]:8443/r.git//a.yaml?ref=refs/tags/v1", "https://[::1]:8443/r.git", "[::1]:8443",
       "r.git", "a.yaml", "refs/tags/v1", Transport::kHttps},
      {"git+ssh://git@github.com/acme/hosts.git//host.yaml?ref=release/1.2",
       "ssh://git@github.com/acme/hosts.git", "github.com", "hosts.git", "host.yaml", "release/1.2",
       Transport::kSsh},
      {"git+ssh://git@[fe80::1]/hosts.git//host.yaml", "ssh://git@[fe80::1]/hosts.git", "[fe80::1]",
       "hosts.git", "host.yaml", "", Transport::kSsh},
      {"git+file:///srv/hosts.git//a/b/host.yaml?ref=v1.0", "file:///srv/hosts.git", "/srv/hosts.git",
       "hosts.git", "a/b/host.yaml", "v1.0", Transport::kFile},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<Location> location = ParseLocation(c.text);
    ASSERT_TRUE(location.ok()) << location.status();
    EXPECT_EQ(*location, (Location{c.transport, c.url, c.host, c.repository, c.path, c.ref, c.text}))
        << c.text;
  }
}

TEST(ParseLocation, KnowsACommitIdFromABranch) {
  const std::string id(40, 'a');
  EXPECT_TRUE(ParseLocation("git+file:///r//a?ref=" + id)->names_commit());
  EXPECT_FALSE(ParseLocation("git+file:///r//a?ref=" + id.substr(1))->names_commit());
  EXPECT_FALSE(ParseLocation("git+file:///r//a?ref=" + std::string(40, 'g'))->names_commit());
  EXPECT_FALSE(ParseLocation("git+file:///r//a")->names_commit());
}

TEST(ParseLocation, SaysWhatToWriteInstead) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {
      {"git+https", "want git+https://HOST/"},
      {"git+http://h/r//a", "write git+https"},
      {"git+htps://h/r//a", "did you mean git+https?"},
      {"git+ftp://h/r//a", "want git+https, git+ssh or git+file"},
      {"git+https:///r//a", "no host"},
      {"git+https://-h/r//a", "no name of a host"},
      {"git+https://h h/r//a", "no name of a host"},
      {"git+https://h:x/r//a", "is no port"},
      {"git+https://h:0/r//a", "is no port"},
      {"git+ssh://git@github.com:acme/hosts.git//a", "with a slash after the host"},
      {"git+https://me@h/r//a", "--git-username"},
      {"git+https://me:hunter2@h/r//a", "--git-token-file"},
      {"git+ssh://git:hunter2@h/r//a", "--git-ssh-key"},
      {"git+ssh://-oProxyCommand=x@h/r//a", "no name of a user"},
      {"git+https://h/r.git", "write //PATH/OF/host.yaml"},
      {"git+https://h/r.git//", "write //PATH/OF/host.yaml"},
      {"git+https://h//a", "no repository before the //"},
      {"git+file://srv/r//a", "git+file has no host"},
      {"git+https://h/r///etc/passwd", "without empty parts"},
      {"git+https://h/r//../a", "without empty parts"},
      {"git+https://h/r//a/../../b", "without empty parts"},
      {"git+https://h/r//a/./b", "without empty parts"},
      {"git+https://h/r//a/", "without empty parts"},
      {"git+https://h/r//a b", "no document"},
      {"git+https://h/r//a#main", "a ref is named by ?ref="},
      {"git+https://h/r//a?branch=main", "there is only ?ref="},
      {"git+https://h/r//a?reff=main", "did you mean ref?"},
      {"git+https://h/r//a?ref=", "want a branch"},
      {"git+https://h/r//a?ref=a&ref=b", "ref is given twice"},
      {"git+https://h/r//a?ref=--upload-pack=x", "want a branch"},
      {"git+https://h/r//a?ref=a..b", "want a branch"},
      {"git+https://h/r//a?ref=main:x", "want a branch"},
      {"git+https://h/r//a?ref=main~1", "want a branch"},
      {"git+https://h/r//a?ref=refs/heads/*", "want a branch"},
      {"git+https://h/r//a?ref=@{u}", "want a branch"},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<Location> location = ParseLocation(c.text);
    ASSERT_FALSE(location.ok()) << c.text;
    EXPECT_TRUE(absl::IsInvalidArgument(location.status())) << c.text;
    EXPECT_THAT(location.status().message(), HasSubstr(c.message)) << c.text;
    EXPECT_THAT(location.status().message(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(location.status().message(), Not(HasSubstr("\n")));
  }
  EXPECT_FALSE(ParseLocation("git+https://h/r//" + std::string(3000, 'a')).ok());
}

TEST(ParseLocation, AnswersToEveryPrefixAndEveryByte) {
  const std::string whole = "git+ssh://git@github.com:22/acme/hosts.git//eu/host.yaml?ref=release/1.2";
  for (size_t i = 0; i < whole.size(); ++i) {
    ParseLocation(whole.substr(0, i)).IgnoreError();
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = whole;
      text[i] = static_cast<char>(byte);
      const absl::StatusOr<Location> location = ParseLocation(text);
      if (!location.ok()) continue;
      EXPECT_EQ(location->url.find_first_of(" \n\t\""), std::string::npos) << text;
      EXPECT_NE(location->ref[0], '-') << text;
      EXPECT_NE(location->host[0], '-') << text;
    }
  }
}

TEST(IsLocation, APathIsNone) {
  EXPECT_TRUE(IsLocation("git+whatever"));
  EXPECT_FALSE(IsLocation("/etc/spacelet/host.yaml"));
  EXPECT_FALSE(IsLocation("git.yaml"));
}

}  // namespace
}  // namespace spacelet::git

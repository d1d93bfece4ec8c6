#include "pkg/git/access.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::git {
namespace {

using ::testing::HasSubstr;

constexpr char kHttps[] = "git+https://h/r//a", kSsh[] = "git+ssh://git@h/r//a", kFile[] = "git+file:///r//a";

TEST(CheckAccess, AFlagThatFitsIsFine) {
  EXPECT_TRUE(CheckAccess(*ParseLocation(kHttps), {}).ok());
  EXPECT_TRUE(CheckAccess(*ParseLocation(kHttps),
                          {.token_file = "/t", .username = "u", .ca_file = "/c", .allowed_signers = "/s"})
                  .ok());
  EXPECT_TRUE(
      CheckAccess(*ParseLocation(kSsh), {.ssh_key = "/k", .known_hosts = "/h", .allowed_signers = "/s"})
          .ok());
  EXPECT_TRUE(CheckAccess(*ParseLocation(kFile), {.allowed_signers = "/s"}).ok());
}

TEST(CheckAccess, AFlagThatDoesNotFitIsNamed) {
  struct Case {
    const char* place;
    Access access;
    const char* message;
  };
  const Case cases[] = {
      {kFile, {.token_file = "/t"}, "--git-token-file is for git+https"},
      {kSsh, {.token_file = "/t", .ssh_key = "/k", .known_hosts = "/h"}, "--git-token-file is for git+https"},
      {kSsh, {.username = "u", .ssh_key = "/k", .known_hosts = "/h"}, "--git-username is for git+https"},
      {kFile, {.ca_file = "/c"}, "--git-ca-file is for git+https"},
      {kHttps, {.username = "u"}, "--git-username goes with --git-token-file"},
      {kHttps, {.ssh_key = "/k"}, "--git-ssh-key is for git+ssh"},
      {kFile, {.known_hosts = "/h"}, "--git-known-hosts is for git+ssh"},
      {kSsh, {.known_hosts = "/h"}, "git+ssh needs --git-ssh-key"},
      {kSsh, {.ssh_key = "/k"}, "git+ssh needs --git-known-hosts"},
      {kSsh,
       {.ssh_key = "/k -oProxyCommand=x", .known_hosts = "/h"},
       "--git-ssh-key: ssh cannot take a path"},
      {kSsh, {.ssh_key = "/k", .known_hosts = "/h$HOME"}, "--git-known-hosts: ssh cannot take a path"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(CheckAccess(*ParseLocation(c.place), c.access).message(), HasSubstr(c.message)) << c.message;
}

}  // namespace
}  // namespace spacelet::git

#include "pkg/git/trouble.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/api/reasons.h"

namespace spacelet::git {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char *errors, *reason, *message;
};

// What git 2.39, its libcurl (GnuTLS and OpenSSL), OpenSSH 9.2 and the forges print.
const Case kCases[] = {
    {"fatal: unable to access 'https://h/r/': Could not resolve host: h", "GitUnreachable",
     "Could not resolve"},
    {"fatal: unable to access 'https://h/r/': Failed to connect to h port 443 after 0 ms: Couldn't connect "
     "to server",
     "GitUnreachable", "Failed to connect"},
    {"fatal: unable to access 'https://h/r/': The requested URL returned error: 503", "GitUnreachable",
     "503"},
    {"fatal: unable to access 'https://h/r/': The requested URL returned error: 429", "GitUnreachable",
     "429"},
    {"fatal: unable to access 'https://h/r/': Operation too slow. Less than 1 bytes/sec transferred",
     "GitUnreachable", "too slow"},
    {"error: RPC failed; curl 56 GnuTLS recv error (-9)\nfatal: early EOF", "GitUnreachable", "RPC failed"},
    {"ssh: connect to host h port 22: Connection refused\r\nfatal: Could not read from remote repository.\n\n"
     "Please make sure you have the correct access rights\nand the repository exists.",
     "GitUnreachable", "port 22: Connection refused"},
    {"ssh: Could not resolve hostname h: Name or service not known\r\nfatal: Could not read from remote "
     "repository.",
     "GitUnreachable", "Could not resolve hostname"},
    {"kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 127.0.0.1 port "
     "22\r\n"
     "fatal: Could not read from remote repository.",
     "GitUnreachable", "closed"},
    {"remote: Invalid username or password.\nfatal: Authentication failed for 'https://h/r/'",
     "GitAuthenticationFailed", "is the token in --git-token-file valid"},
    {"fatal: could not read Username for 'https://h': terminal prompts disabled", "GitAuthenticationFailed",
     "could not read Username"},
    {"fatal: unable to access 'https://h/r/': The requested URL returned error: 403",
     "GitAuthenticationFailed", "403"},
    {"git@h: Permission denied (publickey).\r\nfatal: Could not read from remote repository.",
     "GitAuthenticationFailed", "a deploy key"},
    {"Load key \"/k\": error in libcrypto\r\ngit@h: Permission denied (publickey).",
     "GitAuthenticationFailed", "git@h: Permission denied"},
    {"Host key verification failed.\r\nfatal: Could not read from remote repository.", "GitUntrusted",
     "--git-known-hosts"},
    {"No ED25519 host key is known for h and you have requested strict checking.\r\nHost key verification "
     "failed.",
     "GitUntrusted", "--git-known-hosts"},
    {"fatal: unable to access 'https://h/r/': server certificate verification failed. CAfile: none CRLfile: "
     "none",
     "GitUntrusted", "--git-ca-file"},
    {"fatal: unable to access 'https://h/r/': SSL certificate problem: self-signed certificate",
     "GitUntrusted", "--git-ca-file"},
    {"fatal: unable to access 'https://h/r/': SSL: no alternative certificate subject name matches target "
     "host name "
     "'h'",
     "GitUntrusted", "no alternative"},
    {"remote: Repository not found.\nfatal: repository 'https://h/r/' not found", "GitNotFound",
     "may this token or key see"},
    {"fatal: '/srv/r.git' does not appear to be a git repository\nfatal: Could not read from remote "
     "repository.",
     "GitNotFound", "does not appear"},
    {"fatal: couldn't find remote ref refs/heads/x", "GitNotFound", "find remote ref"},
    {"fatal: remote error: upload-pack: not our ref 123", "GitNotFound", "no branch or tag"},
    {"fatal: unable to access 'https://h/r/': The requested URL returned error: 301", "GitNotFound",
     "redirects"},
    {"fatal: write error: File too large\nfatal: index-pack failed", "GitTooLarge", "--git-max-size"},
    {"error: index-pack died of signal 25\nfatal: fetch-pack: invalid index-pack output", "GitTooLarge",
     "--git-max-size"},
    {"fatal: Out of memory, malloc failed (tried to allocate 2147483648 bytes)", "GitTooLarge",
     "--git-max-size"},
    {"error: object 12: badTree: cannot be parsed as a tree\nfatal: fsck error in packed object", "GitFailed",
     "badTree"},
    {"prlimit: failed to execute git: No such file or directory", "GitFailed", "apt-get install git"},
    {"error: cannot run ssh: No such file or directory\nfatal: unable to fork", "GitFailed",
     "apt-get install openssh-client"},
    {"", "GitFailed", "said nothing"},
};

TEST(TroubleOf, GivesGitsWordsAReasonAndARemedy) {
  for (const Case& c : kCases) {
    const absl::Status trouble = TroubleOf(c.errors);
    EXPECT_STREQ(ReasonOf(trouble), c.reason) << c.errors;
    EXPECT_THAT(trouble.message(), HasSubstr(c.message)) << c.errors;
    EXPECT_THAT(trouble.message(), Not(HasSubstr("\n")));
  }
}

TEST(TroubleOf, ALineOfAHostileServerIsShortAndHarmless) {
  const absl::Status trouble =
      TroubleOf("remote: \x1b[2J\xe2\x80\xae" + std::string(100000, 'x') + " not found");
  EXPECT_LT(trouble.message().size(), 600u);
  EXPECT_THAT(trouble.message(), Not(HasSubstr("\x1b")));
}

TEST(IsPassing, WhatIsWrongWithACommitStaysWrong) {
  EXPECT_TRUE(IsPassing(absl::UnavailableError("")));
  EXPECT_TRUE(IsPassing(absl::NotFoundError("")));
  EXPECT_TRUE(IsPassing(absl::InternalError("")));
  EXPECT_FALSE(IsPassing(absl::OkStatus()));
  EXPECT_FALSE(IsPassing(absl::AbortedError("rewritten")));
  EXPECT_FALSE(IsPassing(absl::DataLossError("signature")));
  EXPECT_FALSE(IsPassing(absl::ResourceExhaustedError("size")));
  EXPECT_FALSE(IsPassing(absl::FailedPreconditionError("no file")));
}

TEST(SawNothing, ABranchThatIsGoneIsSeen) {
  EXPECT_TRUE(SawNothing(absl::DeadlineExceededError("")));
  EXPECT_TRUE(SawNothing(absl::UnauthenticatedError("")));
  EXPECT_TRUE(SawNothing(absl::PermissionDeniedError("")));
  EXPECT_FALSE(SawNothing(absl::NotFoundError("")));
  EXPECT_FALSE(SawNothing(absl::AbortedError("")));
}

}  // namespace
}  // namespace spacelet::git

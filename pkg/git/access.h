// With what a repository is reached, and what is believed of it. The values of the --git-* flags.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pkg/git/location.h"

namespace spacelet::git {

// Absolute paths; empty: not given.
struct Access {
  std::string token_file = {};       // https: read by git's credential helper at each request
  std::string username = {};         // https: what goes with the token; empty: kTokenUser
  std::string ca_file = {};          // https: the CAs to believe instead of the system's
  std::string ssh_key = {};          // ssh: a private key without a passphrase
  std::string known_hosts = {};      // ssh: the only host keys that are believed
  std::string allowed_signers = {};  // ssh-keygen(1), ALLOWED SIGNERS: who may sign a commit or tag
};

// GitHub and GitLab take any name beside a token, Bitbucket this one for its access tokens.
inline constexpr char kTokenUser[] = "x-token-auth";

// Whether the flags fit the place. Errors: InvalidArgument, naming the flag.
absl::Status CheckAccess(const Location& location, const Access& access);

}  // namespace spacelet::git

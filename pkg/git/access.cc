#include "pkg/git/access.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/base/status_macros.h"

namespace spacelet::git {
namespace {

struct Flag {
  const char* name;
  const std::string& value;
};

absl::Status Refuse(const Flag& flag, const char* scheme) {
  if (flag.value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag.name, " is for ", scheme));
}

absl::Status Demand(const Flag& flag, const char* what) {
  if (!flag.value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("git+ssh needs ", flag.name, " FILE: ", what));
}

// The shell and ssh both read their names again: ssh splits at blanks, and expands % and $.
absl::Status CheckName(const Flag& flag) {
  if (flag.value.find_first_of(" \t\r\n\"'\\%$") == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag.name, ": ssh cannot take a path with blanks, quotes, %, $ or \\"));
}

}  // namespace

absl::Status CheckAccess(const Location& location, const Access& access) {
  const Flag token{"--git-token-file", access.token_file}, user{"--git-username", access.username},
      ca{"--git-ca-file", access.ca_file}, key{"--git-ssh-key", access.ssh_key},
      hosts{"--git-known-hosts", access.known_hosts};
  if (location.transport != Transport::kHttps) {
    for (const Flag& flag : {token, user, ca}) RETURN_IF_ERROR(Refuse(flag, "git+https"));
  } else if (access.token_file.empty() && !access.username.empty()) {
    return absl::InvalidArgumentError("--git-username goes with --git-token-file");
  }
  if (location.transport != Transport::kSsh) {
    for (const Flag& flag : {key, hosts}) RETURN_IF_ERROR(Refuse(flag, "git+ssh"));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Demand(key, "the private half of a deploy key"));
  RETURN_IF_ERROR(
      Demand(hosts, "the host's key, as ssh-keyscan prints it; compare it with what the host publishes"));
  RETURN_IF_ERROR(CheckName(key));
  return CheckName(hosts);
}

}  // namespace spacelet::git

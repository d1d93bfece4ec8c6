#include "pkg/desired/known_end.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/types/span.h"

namespace spacelet::desired {
namespace {

struct Words {
  absl::string_view words;  // in small letters, as the lines are compared
  absl::string_view remedy;
};
struct Code {
  int exit_code;
  absl::string_view remedy;
};
struct Table {
  absl::Span<const Words> words;
  absl::Span<const Code> codes;
};

constexpr absl::string_view kCloud =
    "the runner cannot use the cloud: check the credentials that the pool names (json_path; on AWS the "
    "instance profile, with a metadata hop limit of 2), its project or region, and the way to the cloud's "
    "API";
constexpr absl::string_view kPoolFile =
    "the runner cannot read its pool file: check `runner.pool` (spacelet validate)";
constexpr absl::string_view kDatabase =
    "the runner cannot open its database: its directory must be writable for the container's user (images "
    "rc.259 to rc.261 do not run as root: take a later one)";

// drone-runner-aws 1.0.0-rc.310. A clean stop says "http: Server closed" and is no failure.
constexpr Words kRunner[] = {
    {"unable to ping driver", kCloud},
    {"could not find default credentials", kCloud},
    {"unknown instance tip", "the pool's `type` is none of the runner's: google and amazon, not gcp and aws"},
    {"failed to read user_data file",
     "the pool's user_data_path is not in the container: put the file there"},
    {"no rule for port 9079", "the first security group of the pool must let TCP port 9079 in"},
    {"please choose a driver", "the runner got no pool: leave `args` out, or name one with --pool"},
    {"unable to parse pool file", kPoolFile},
    {"unable to load pool file", kPoolFile},
    {"unable to start the database", kDatabase},
    {"unable to open database file", kDatabase},
};

constexpr absl::string_view kToken =
    "Harness does not accept the delegate: check that `token` is a valid token of this account and not "
    "revoked, and `accountId`";
constexpr absl::string_view kAccount =
    "Harness does not know the account: check `accountId` and `managerUrl`";
constexpr absl::string_view kHeap =
    "the delegate's heap is too small: raise resources.memory, of which the heap is 70 %, or set -Xmx in "
    "env.JAVA_OPTS";

// delegate-dockerfile's start.sh and connectivity_check.sh, and what the JVM and the manager say.
constexpr Words kDelegate[] = {
    {"java.lang.outofmemoryerror", kHeap},
    {"self destruct", "Harness has another delegate of this name and host: give it a `name` of its own"},
    {"delegate wont be started", "the script in env.INIT_SCRIPT failed: see the lines before"},
    {"invalid account", kAccount},
    {"account not found", kAccount},
    {"account does not exist", kAccount},
    {"invalid token", kToken},
    {"invalid_token", kToken},
    {"token is revoked", kToken},
    {"401 unauthorized", kToken},
    {"http 401", kToken},
    {"status 401", kToken},
    {"code 401", kToken},
    {"code: 401", kToken},
    {"code=401", kToken},
};
constexpr Code kDelegateCodes[] = {
    {2, kToken},  // the check of the connection before the start: 401
    {4, "Harness cannot be reached: check `managerUrl`, the proxy and the way out of this host"},
};

constexpr Words kAny[] = {
    {"no space left on device", "the disk is full: make room (docker system df)"},
    {"address already in use", "something else holds the port: with hostNetwork every port is the host's"},
    {"exec format error", "the image is built for another processor: check `platform`"},
    {"x509: ", "a certificate is not trusted: check this host's clock and the CA certificates"},
    {"no such host", "a name cannot be resolved in the container: check `dns` and this host's network"},
    {"unknownhostexception",
     "a name cannot be resolved in the container: check `dns` and this host's network"},
    {"permission denied", "the container's user may not use a file: check `user`, `volumes` and their modes"},
    {"no such file or directory", "a file that it needs is missing: check `volumes` and what the pool names"},
};
constexpr Code kAnyCodes[] = {
    {126, "its command cannot be executed: check `command`, `args` and the image"},
    {127, "its command is not in the image: check `command` and `args`"},
    {137, "it was killed: by somebody, or because the host ran out of memory (dmesg)"},
};

Table TableOf(absl::string_view component) {
  if (component == "runner") return {kRunner, {}};
  if (component == "delegate") return {kDelegate, kDelegateCodes};
  return {};
}

std::optional<KnownEnd> ByWords(const Table& table, const std::vector<std::string>& lines) {
  for (const Words& known : table.words)
    for (size_t i = lines.size(); i-- > 0;)
      if (absl::StrContains(absl::AsciiStrToLower(lines[i]), known.words))
        return KnownEnd{std::string(known.remedy), i};
  return std::nullopt;
}

std::optional<KnownEnd> ByCode(const Table& table, int exit_code) {
  for (const Code& known : table.codes)
    if (known.exit_code == exit_code) return KnownEnd{std::string(known.remedy), std::nullopt};
  return std::nullopt;
}

}  // namespace

std::optional<KnownEnd> ExplainEnd(absl::string_view component, int exit_code,
                                   const std::vector<std::string>& log_lines) {
  const Table own = TableOf(component), any = {kAny, kAnyCodes};
  if (auto known = ByWords(own, log_lines)) return known;
  if (auto known = ByCode(own, exit_code)) return known;
  if (auto known = ByWords(any, log_lines)) return known;
  return ByCode(any, exit_code);
}

}  // namespace spacelet::desired

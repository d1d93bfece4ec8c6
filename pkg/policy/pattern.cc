#include "pkg/policy/pattern.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/reference.h"

namespace spacelet::policy {
namespace {

constexpr absl::string_view kAllBelow = "**";

absl::Status Invalid(absl::string_view message) { return absl::InvalidArgumentError(message); }

bool HasStar(absl::string_view text) { return absl::StrContains(text, '*'); }

bool IsOneOf(char c, absl::string_view others) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c)) || absl::StrContains(others, c);
}

bool ConsistsOf(absl::string_view text, absl::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) { return IsOneOf(c, others); });
}

// Docker's rule for what is a host, and "*".
bool IsHost(absl::string_view first) {
  return first.find_first_of(".:") != absl::string_view::npos || first == "localhost" || first == "*";
}

bool PartsMatch(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
  return std::equal(patterns.begin(), patterns.end(), texts.begin(), texts.end(), GlobMatches);
}

bool HostMatches(const std::string& pattern, const std::string& host) {
  if (pattern == "*") return true;
  return PartsMatch(absl::StrSplit(pattern, absl::ByAnyChar(".:")),
                    absl::StrSplit(host, absl::ByAnyChar(".:"))) &&
         absl::StrContains(pattern, ':') == absl::StrContains(host, ':');
}

}  // namespace

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  // Back to the last star, which then takes one character more: no recursion, at worst quadratic.
  size_t p = 0, t = 0, star = absl::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == absl::string_view::npos;
}

absl::StatusOr<ImagePattern> ImagePattern::Parse(absl::string_view text) {
  ImagePattern out;
  std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() == 1 && IsHost(parts[0]))
    return Invalid(absl::StrCat("is a registry only: write ", text, "/* for all of it"));
  if (parts.size() > 1 && IsHost(parts[0])) {
    out.host_ = parts[0] == "index.docker.io" ? "docker.io" : parts[0];
    parts.erase(parts.begin());
  } else if (HasStar(parts[0])) {
    return Invalid("begins with a *: write the registry before it, as in docker.io/team*/app");
  } else {
    out.host_ = "docker.io";
    if (parts.size() == 1) parts.insert(parts.begin(), "library");
  }
  if (out.host_ == "docker.io" && parts.size() == 1 && !HasStar(parts[0]))
    parts.insert(parts.begin(), "library");
  if (!ConsistsOf(out.host_, ".-:*")) return Invalid("is not REGISTRY/NAME in lower case");
  for (const std::string& part : parts) {
    if (absl::StrContains(part, kAllBelow))
      return Invalid("write one *: as the last part it is everything below");
    if (absl::StrContains(part, ':') || absl::StrContains(part, '@'))
      return Invalid("has a tag or digest: a repository has none");
    if (!ConsistsOf(part, "._-*")) return Invalid("is not REGISTRY/NAME in lower case");
  }
  out.path_ = std::move(parts);
  return out;
}

bool ImagePattern::Matches(absl::string_view image) const {
  const absl::StatusOr<docker::Reference> reference = docker::ParseReference(image);
  if (!reference.ok() || !HostMatches(host_, reference->domain)) return false;
  std::vector<std::string> path = absl::StrSplit(reference->path, '/');
  if (path_.back() == "*" && path.size() > path_.size()) path.resize(path_.size());
  return PartsMatch(path_, path);
}

std::string NormalizedRepository(const std::string& image) {
  const absl::StatusOr<docker::Reference> reference = docker::ParseReference(image);
  return reference.ok() ? absl::StrCat(reference->domain, "/", reference->path) : image;
}

absl::Status CheckPathPattern(absl::string_view pattern) {
  if (!absl::StartsWith(pattern, "/")) return Invalid("is not an absolute path");
  if (pattern == "/") return absl::OkStatus();
  const std::vector<absl::string_view> parts = absl::StrSplit(pattern.substr(1), '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i] == "." || parts[i] == "..")
      return Invalid("is not a plain path: no . and .. in it, no / at its end, no //");
    const bool all_below = parts[i] == kAllBelow && i + 1 == parts.size();
    if (absl::StrContains(parts[i], kAllBelow) && !all_below)
      return Invalid("has ** elsewhere than as its last part");
  }
  return absl::OkStatus();
}

namespace {

constexpr const char* kGuarded[] = {"/boot",
                                    "/dev",
                                    "/etc",
                                    "/proc",
                                    "/root",
                                    "/sys",
                                    "/usr",
                                    "/run/containerd",
                                    "/run/dbus",
                                    "/run/systemd",
                                    "/run/docker.sock",
                                    "/var/lib/containerd",
                                    "/var/lib/docker",
                                    "/var/run/docker.sock"};
constexpr const char* kSockets[] = {"docker.sock", "containerd.sock", "podman.sock", "crio.sock"};

std::string Normalized(absl::string_view path) {
  std::vector<absl::string_view> out;
  for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..")
      out.push_back(part);
    else if (!out.empty())
      out.pop_back();
  }
  return absl::StrCat("/", absl::StrJoin(out, "/"));
}

absl::StatusOr<std::string> Resolved(const std::string& path, const Host& host) {
  return host.resolve ? host.resolve(path) : absl::StatusOr<std::string>(Normalized(path));
}

bool IsAtOrAbove(const std::string& path, const std::string& other) {
  return path == other || path == "/" || absl::StartsWith(other, path + "/");
}

bool IsGuarded(const std::string& path, const Host& host) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (std::find(std::begin(kSockets), std::end(kSockets), name) != std::end(kSockets)) return true;
  std::vector<std::string> guarded(std::begin(kGuarded), std::end(kGuarded));
  guarded.insert(guarded.end(), host.guarded.begin(), host.guarded.end());
  return std::any_of(guarded.begin(), guarded.end(), [&](const std::string& one) {
    return IsAtOrAbove(path, one) || IsAtOrAbove(path, Resolved(one, host).value_or(one));
  });
}

// `pattern` has a star.
bool GlobCovers(const std::string& pattern, const std::string& path, const Host& host) {
  const size_t fixed_end = pattern.rfind('/', pattern.find('*'));
  const absl::StatusOr<std::string> fixed = Resolved(pattern.substr(0, fixed_end + 1), host);
  if (!fixed.ok()) return false;
  absl::string_view rest = path;
  if (*fixed != "/" && !absl::ConsumePrefix(&rest, *fixed)) return false;
  if (!absl::ConsumePrefix(&rest, "/") || rest.empty()) return false;
  std::vector<std::string> parts = absl::StrSplit(pattern.substr(fixed_end + 1), '/');
  std::vector<std::string> below = absl::StrSplit(rest, '/');
  if (parts.back() == kAllBelow && below.size() > parts.size()) below.resize(parts.size());
  return PartsMatch(parts, below);
}

}  // namespace

absl::StatusOr<bool> CoversPath(const std::vector<std::string>& patterns, const std::string& path,
                                const Host& host) {
  ASSIGN_OR_RETURN(const std::string resolved, Resolved(path, host));
  const bool guarded = IsGuarded(resolved, host);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (HasStar(pattern)) return !guarded && GlobCovers(pattern, resolved, host);
    const absl::StatusOr<std::string> exact = Resolved(pattern, host);
    return exact.ok() && *exact == resolved;
  });
}

absl::Status CheckCommandPattern(const std::vector<std::string>& pattern) {
  if (pattern.empty() || pattern[0].empty()) return Invalid("has no program");
  if (HasStar(pattern[0])) return Invalid("names no program: a * may stand for arguments only");
  for (size_t i = 0; i + 1 < pattern.size(); ++i)
    if (pattern[i] == kAllBelow) return Invalid("has ** elsewhere than as its last word");
  return absl::OkStatus();
}

bool CommandMatches(const std::vector<std::string>& pattern, const std::vector<std::string>& command) {
  const bool open = pattern.size() > 1 && pattern.back() == kAllBelow;
  const size_t fixed = pattern.size() - (open ? 1 : 0);
  if (command.size() < fixed || (!open && command.size() > fixed)) return false;
  if (command[0] != pattern[0]) return false;
  for (size_t i = 1; i < fixed; ++i) {
    const bool becomes_flag = absl::StartsWith(pattern[i], "*") && absl::StartsWith(command[i], "-");
    if (becomes_flag || !GlobMatches(pattern[i], command[i])) return false;
  }
  return true;
}

namespace {

absl::StatusOr<Endpoint> ParseAuthority(std::string scheme, absl::string_view authority) {
  Endpoint out{std::move(scheme), absl::AsciiStrToLower(authority), 0};
  out.port = out.scheme == "https" ? 443 : 80;
  const size_t colon = out.host.rfind(':');
  if (colon != std::string::npos && !absl::EndsWith(out.host, "]")) {
    uint32_t port = 0;
    const std::string digits = out.host.substr(colon + 1);
    if (!ConsistsOf(digits, "") || digits.size() > 5 || !absl::SimpleAtoi(digits, &port) || port == 0 ||
        port > 65535)
      return Invalid("has no port between 1 and 65535 behind its colon");
    out.port = static_cast<uint16_t>(port);
    out.host.resize(colon);
  }
  absl::string_view name = out.host;
  const bool is_ipv6 = absl::ConsumePrefix(&name, "[") && absl::ConsumeSuffix(&name, "]");
  if (!ConsistsOf(name, is_ipv6 ? ":." : ".-_")) return Invalid("has no plain host name in it");
  return out;
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url) {
  if (!std::all_of(url.begin(), url.end(),
                   [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); }))
    return Invalid("has white space or other unprintable characters in it");
  for (const absl::string_view scheme : {"https", "http"}) {
    absl::string_view rest = url;
    if (!absl::ConsumePrefix(&rest, absl::StrCat(scheme, "://"))) continue;
    return ParseAuthority(std::string(scheme), rest.substr(0, rest.find('/')));
  }
  return Invalid("begins with neither https:// nor http://");
}

absl::StatusOr<Endpoint> ParseEndpointEntry(absl::string_view entry) {
  const bool is_http = absl::ConsumePrefix(&entry, "http://");
  return ParseAuthority(is_http ? "http" : "https", entry);
}

}  // namespace spacelet::policy

#include "pkg/git/location.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"

namespace spacelet::git {
namespace {

constexpr char kShape[] = "git+https://HOST/REPOSITORY.git//PATH/OF/host.yaml?ref=BRANCH";
constexpr size_t kLongest = 2048;
constexpr size_t kIdDigits = 40;
constexpr size_t kShortDigits = 8;

struct Scheme {
  const char* name;
  Transport transport;
};
constexpr std::array<Scheme, 3> kSchemes = {
    {{"git+https", Transport::kHttps}, {"git+ssh", Transport::kSsh}, {"git+file", Transport::kFile}}};

absl::Status Wrong(absl::string_view sentence) { return absl::InvalidArgumentError(sentence); }

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known) {
  const auto nearest = base::Nearest(word, known);
  return nearest ? absl::StrCat(" (did you mean ", *nearest, "?)") : "";
}

// Of a name that becomes a word of a command line, or a line of a file.
bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
           absl::string_view("\\\"'").find(c) == absl::string_view::npos;
  });
}

absl::StatusOr<Transport> ParseScheme(absl::string_view scheme) {
  for (const Scheme& known : kSchemes)
    if (scheme == known.name) return known.transport;
  if (scheme == "git+http" || scheme == "git+git")
    return Wrong(absl::StrCat(scheme, ": neither encrypted nor signed by its server; write git+https"));
  return Wrong(absl::StrCat(scheme, ": want git+https, git+ssh or git+file",
                            DidYouMean(scheme, {"git+https", "git+ssh", "git+file"})));
}

// ---- HOST

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view(".-_[]:").find(c) != absl::string_view::npos;
}

absl::Status CheckPort(absl::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == absl::string_view::npos || absl::EndsWith(host, "]")) return absl::OkStatus();
  int port = 0;
  if (absl::SimpleAtoi(host.substr(colon + 1), &port) && port > 0 && port < 65536) return absl::OkStatus();
  return Wrong(absl::StrCat(host,
                            ": what follows the colon is no port; write git+ssh://git@HOST/ORGANISATION/… "
                            "with a slash after the host"));
}

absl::Status CheckHost(absl::string_view host) {
  if (host.empty()) return Wrong(absl::StrCat("no host: write ", kShape));
  if (host[0] == '-' || !std::all_of(host.begin(), host.end(), IsHostCharacter))
    return Wrong(absl::StrCat("\"", base::OneLine(host), "\" is no name of a host"));
  return CheckPort(host);
}

// A password in the source would be in the process list, in the status and in the log.
absl::Status CheckUser(absl::string_view user, Transport transport) {
  if (absl::StrContains(user, ':'))
    return Wrong(
        "a password in the URL is readable by everybody on the host: use --git-token-file, or "
        "--git-ssh-key");
  if (transport == Transport::kHttps)
    return Wrong("a user in the URL: use --git-username, and --git-token-file for the token");
  if (user.empty() || user[0] == '-' || !IsPlain(user)) return Wrong("no name of a user stands before the @");
  return absl::OkStatus();
}

absl::Status TakeHost(absl::string_view& rest, Location& out) {
  const size_t end = rest.find('/');
  absl::string_view host = rest.substr(0, end);
  rest = end == absl::string_view::npos ? "" : rest.substr(end);
  const size_t at = host.rfind('@');
  if (at != absl::string_view::npos) {
    RETURN_IF_ERROR(CheckUser(host.substr(0, at), out.transport));
    host = host.substr(at + 1);
  }
  RETURN_IF_ERROR(CheckHost(host));
  out.host = std::string(host);
  return absl::OkStatus();
}

// ---- REPOSITORY//PATH

absl::Status CheckPath(absl::string_view path) {
  if (path.empty() || !IsPlain(path))
    return Wrong(absl::StrCat("no document: write //PATH/OF/host.yaml after the repository, as in ", kShape));
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..")
      return Wrong(absl::StrCat("//", path, ": a path in the repository, without empty parts, . and .."));
  }
  return absl::OkStatus();
}

absl::Status TakeRepositoryAndPath(absl::string_view rest, Location& out) {
  const size_t split = rest.find("//");
  const absl::string_view repository = rest.substr(0, split);
  out.path = split == absl::string_view::npos ? "" : std::string(rest.substr(split + 2));
  RETURN_IF_ERROR(CheckPath(out.path));
  if (repository.size() < 2 || !IsPlain(repository))
    return Wrong(absl::StrCat("no repository before the //: write ", kShape));
  out.repository = std::string(repository.substr(repository.rfind('/') + 1));
  if (out.transport == Transport::kFile) out.host = std::string(repository);
  return absl::OkStatus();
}

// ---- ?ref=REF

// What git-check-ref-format refuses, and what would look like an option.
bool IsRef(absl::string_view ref) {
  if (ref.empty() || ref[0] == '-' || ref[0] == '/' || !IsPlain(ref)) return false;
  if (ref.find_first_of("~^:?*[") != absl::string_view::npos) return false;
  for (const char* bad : {"..", "@{", "//", "/."})
    if (absl::StrContains(ref, bad)) return false;
  return ref[0] != '.' && !absl::EndsWith(ref, "/") && !absl::EndsWith(ref, ".") &&
         !absl::EndsWith(ref, ".lock") && ref != "@";
}

absl::Status TakeQuery(absl::string_view query, Location& out) {
  for (const absl::string_view pair : absl::StrSplit(query, '&')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.first != "ref")
      return Wrong(absl::StrCat("?", base::OneLine(parts.first), ": there is only ?ref=BRANCH",
                                DidYouMean(parts.first, {"ref"})));
    if (!out.ref.empty()) return Wrong("ref is given twice");
    if (!IsRef(parts.second))
      return Wrong(absl::StrCat("ref=", base::OneLine(parts.second),
                                ": want a branch, a tag or a full commit id (40 digits)"));
    out.ref = std::string(parts.second);
  }
  return absl::OkStatus();
}

absl::StatusOr<Location> Parse(absl::string_view text) {
  Location out;
  out.text = std::string(text);
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) return Wrong(absl::StrCat("want ", kShape));
  ASSIGN_OR_RETURN(out.transport, ParseScheme(text.substr(0, colon)));
  absl::string_view rest = text.substr(colon + 3);
  if (absl::StrContains(rest, '#')) return Wrong("no #: a ref is named by ?ref=");
  const size_t question = rest.find('?');
  if (question != absl::string_view::npos) {
    RETURN_IF_ERROR(TakeQuery(rest.substr(question + 1), out));
    rest = rest.substr(0, question);
  }
  if (out.transport == Transport::kFile) {
    if (!absl::StartsWith(rest, "/")) return Wrong("git+file has no host: write git+file:///PATH//host.yaml");
  } else {
    RETURN_IF_ERROR(TakeHost(rest, out));
  }
  RETURN_IF_ERROR(TakeRepositoryAndPath(rest, out));
  const absl::string_view whole = absl::StripPrefix(text, "git+");
  out.url = std::string(whole.substr(0, whole.find("//", whole.find("://") + 3)));
  return out;
}

}  // namespace

bool Location::names_commit() const { return IsCommitId(ref); }

bool IsLocation(absl::string_view source) { return absl::StartsWith(source, "git+"); }

absl::StatusOr<Location> ParseLocation(absl::string_view text) {
  if (text.size() > kLongest) return Wrong("git+…: longer than 2048 characters");
  absl::StatusOr<Location> location = Parse(text);
  if (location.ok()) return location;
  return absl::InvalidArgumentError(absl::StrCat("git source: ", location.status().message()));
}

bool IsCommitId(absl::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
         });
}

std::string Short(absl::string_view id) { return std::string(id.substr(0, kShortDigits)); }

}  // namespace spacelet::git

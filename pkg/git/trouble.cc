#include "pkg/git/trouble.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/reasons.h"
#include "pkg/base/text.h"

namespace spacelet::git {
namespace {

using Code = absl::StatusCode;

constexpr size_t kMostCause = 300;  // bytes

struct Known {
  const char* words;  // in a line of git, libcurl, OpenSSH or a forge
  Code code;
  const char* remedy;
};

constexpr char kCheckHostKey[] =
    "; compare the host's key with what it publishes, and put it into the file of --git-known-hosts";
constexpr char kCheckCa[] = "; name the CA by --git-ca-file";
constexpr char kCheckToken[] = "; is the token in --git-token-file valid, and may it read the contents?";
constexpr char kCheckKey[] = "; is the public half of --git-ssh-key a deploy key of the repository?";
constexpr char kCheckUrl[] = "; is the URL right, and may this token or key see the repository?";
constexpr char kCheckMoved[] =
    "; the server redirects, and a redirect gets no token: write the address that it redirects to";
constexpr char kCheckSize[] = "; raise --git-max-size, or keep the document in a smaller repository";

// The first that fits decides: what comes later is said in passing by the failures before.
constexpr std::array<Known, 46> kTable = {{
    {"Host key verification failed", Code::kPermissionDenied, kCheckHostKey},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", Code::kPermissionDenied, kCheckHostKey},
    {"certificate verification failed", Code::kPermissionDenied, kCheckCa},
    {"SSL certificate problem", Code::kPermissionDenied, kCheckCa},
    {"SSL: no alternative certificate", Code::kPermissionDenied, ""},
    {"does not match target host", Code::kPermissionDenied, ""},
    {"error setting certificate", Code::kPermissionDenied, kCheckCa},
    {"The requested URL returned error: 401", Code::kUnauthenticated, kCheckToken},
    {"The requested URL returned error: 403", Code::kUnauthenticated, kCheckToken},
    {"Authentication failed for", Code::kUnauthenticated, kCheckToken},
    {"could not read Username", Code::kUnauthenticated, kCheckToken},
    {"could not read Password", Code::kUnauthenticated, kCheckToken},
    {"Permission denied (", Code::kUnauthenticated, kCheckKey},
    {"Load key", Code::kUnauthenticated, "; --git-ssh-key is a private key without a passphrase"},
    {"not accessible: No such file", Code::kUnauthenticated, ""},
    {"UNPROTECTED PRIVATE KEY FILE", Code::kUnauthenticated, "; chmod 600 the file of --git-ssh-key"},
    {"Too many authentication failures", Code::kUnauthenticated, kCheckKey},
    {"Access denied", Code::kUnauthenticated, kCheckUrl},
    {"File too large", Code::kResourceExhausted, kCheckSize},
    {"died of signal 25", Code::kResourceExhausted, kCheckSize},
    {"exceeds maximum allowed size", Code::kResourceExhausted, kCheckSize},
    {"memory exhausted", Code::kResourceExhausted, kCheckSize},
    {"ut of memory", Code::kResourceExhausted, kCheckSize},
    {"Cannot allocate memory", Code::kResourceExhausted, kCheckSize},
    {"Repository not found", Code::kNotFound, kCheckUrl},
    {"project you were looking for could not be found", Code::kNotFound, kCheckUrl},
    {"The requested URL returned error: 404", Code::kNotFound, kCheckUrl},
    {"The requested URL returned error: 30", Code::kNotFound, kCheckMoved},
    {"not found", Code::kNotFound, kCheckUrl},
    {"does not appear to be a git repository", Code::kNotFound, kCheckUrl},
    {"find remote ref", Code::kNotFound, ""},
    {"not our ref", Code::kNotFound, "; no branch or tag of the repository holds this commit"},
    {"unadvertised object", Code::kNotFound, "; the server gives no commit by its id: name a branch or tag"},
    {"Could not resolve host", Code::kUnavailable, ""},
    {"Failed to connect", Code::kUnavailable, ""},
    {"Connection refused", Code::kUnavailable, ""},
    {"timed out", Code::kUnavailable, ""},
    {"Network is unreachable", Code::kUnavailable, ""},
    {"No route to host", Code::kUnavailable, ""},
    {"Connection closed by", Code::kUnavailable, ""},
    {"Connection reset", Code::kUnavailable, ""},
    {"unable to access", Code::kUnavailable, ""},
    {"RPC failed", Code::kUnavailable, ""},
    {"early EOF", Code::kUnavailable, ""},
    {"unexpected disconnect", Code::kUnavailable, ""},
    {"hung up unexpectedly", Code::kUnavailable, ""},
}};

std::vector<absl::string_view> Lines(absl::string_view text) {
  std::vector<absl::string_view> lines;
  for (absl::string_view line : absl::StrSplit(text, absl::ByAnyChar("\r\n")))
    if (line = absl::StripAsciiWhitespace(line); !line.empty()) lines.push_back(line);
  return lines;
}

absl::string_view Pick(const std::vector<absl::string_view>& lines) {
  for (const absl::string_view line : lines)
    if (absl::StartsWith(line, "error:") || absl::StartsWith(line, "fatal:")) return line;
  return lines.empty() ? "git failed and said nothing" : lines.back();
}

}  // namespace

absl::Status TroubleOf(absl::string_view errors) {
  const std::vector<absl::string_view> lines = Lines(errors);
  for (const Known& known : kTable)
    for (const absl::string_view line : lines)
      if (absl::StrContains(line, known.words))
        return absl::Status(known.code, absl::StrCat(base::OneLine(line, kMostCause), known.remedy));
  if (absl::StrContains(errors, "failed to execute git"))
    return absl::InternalError("the program git is not installed; apt-get install git");
  if (absl::StrContains(errors, "cannot run ssh"))
    return absl::InternalError("the program ssh is not installed; apt-get install openssh-client");
  return absl::InternalError(base::OneLine(Pick(lines), kMostCause));
}

const char* ReasonOf(const absl::Status& trouble) {
  switch (trouble.code()) {
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return api::reason::kGitUnreachable;
    case Code::kUnauthenticated:
      return api::reason::kGitAuthenticationFailed;
    case Code::kPermissionDenied:
      return api::reason::kGitUntrusted;
    case Code::kNotFound:
      return api::reason::kGitNotFound;
    case Code::kResourceExhausted:
      return api::reason::kGitTooLarge;
    case Code::kDataLoss:
      return api::reason::kGitSignatureRejected;
    case Code::kAborted:
      return api::reason::kGitRewritten;
    case Code::kFailedPrecondition:
      return api::reason::kUnreadable;
    default:
      return api::reason::kGitFailed;
  }
}

bool IsPassing(const absl::Status& trouble) {
  switch (trouble.code()) {
    case Code::kResourceExhausted:
    case Code::kDataLoss:
    case Code::kAborted:
    case Code::kFailedPrecondition:
      return false;
    default:
      return !trouble.ok();
  }
}

bool SawNothing(const absl::Status& trouble) {
  return IsPassing(trouble) && trouble.code() != Code::kNotFound;
}

}  // namespace spacelet::git

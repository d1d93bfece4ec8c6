#include "pkg/docker/reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace spacelet::docker {
namespace {

constexpr size_t kLongestName = 255;  // distribution/reference: NameTotalLengthMax
constexpr size_t kLongestTag = 128;

bool IsLowerOrDigit(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

// Lower-case letters and digits, with ".", "_", "__" or any number of "-" between them.
bool IsPathComponent(absl::string_view text) {
  if (text.empty() || !IsLowerOrDigit(text.front()) || !IsLowerOrDigit(text.back())) return false;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    while (i < text.size() && !IsLowerOrDigit(text[i])) ++i;
    const absl::string_view separator = text.substr(start, i - start);
    const bool dashes = separator.find_first_not_of('-') == absl::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    while (i < text.size() && IsLowerOrDigit(text[i])) ++i;
  }
  return true;
}

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > kLongestTag || text[0] == '.' || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  });
}

bool IsDigest(absl::string_view text) {
  return absl::ConsumePrefix(&text, "sha256:") && text.size() == 64 && IsHex(text);
}

// Parts of letters, digits and inner dashes between dots, or an IPv6 address in brackets; then perhaps a
// port.
bool IsDomain(absl::string_view text) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); };
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos && text.back() != ']') {
    const absl::string_view port = text.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != port.npos) return false;
    text = text.substr(0, colon);
  }
  if (absl::ConsumePrefix(&text, "[")) {
    return absl::ConsumeSuffix(&text, "]") && text.find_first_not_of("0123456789abcdefABCDEF:") == text.npos;
  }
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    if (part.empty() || !is_word(part.front()) || !is_word(part.back())) return false;
    if (!std::all_of(part.begin(), part.end(), [&](char c) { return is_word(c) || c == '-'; })) return false;
  }
  return true;
}

// Docker's rule: the part before the first slash is a host when it cannot be the first part of a Docker Hub
// name.
bool LooksLikeHost(absl::string_view text) {
  return text.find_first_of(".:") != absl::string_view::npos || text == "localhost" ||
         std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); });
}

absl::Status SplitName(absl::string_view name, Reference& out) {
  const size_t slash = name.find('/');
  if (slash != absl::string_view::npos && LooksLikeHost(name.substr(0, slash))) {
    out.domain = std::string(name.substr(0, slash));
    out.path = std::string(name.substr(slash + 1));
  } else {
    out.domain = "docker.io";
    out.path = std::string(name);
  }
  if (out.domain == "index.docker.io") out.domain = "docker.io";
  if (out.domain == "docker.io" && !absl::StrContains(out.path, '/')) out.path = "library/" + out.path;
  if (!IsDomain(out.domain)) return absl::InvalidArgumentError("the registry's host is not valid");
  for (const absl::string_view component : absl::StrSplit(out.path, '/')) {
    if (!IsPathComponent(component)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", component,
          "\" is no part of an image's name (lower-case letters, digits and . _ - between them)"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Reference> ParseReference(absl::string_view text) {
  Reference out;
  absl::string_view name = text;
  if (const size_t at = name.find('@'); at != absl::string_view::npos) {
    out.digest = std::string(name.substr(at + 1));
    name = name.substr(0, at);
    if (!IsDigest(out.digest))
      return absl::InvalidArgumentError("a digest is \"sha256:\" and 64 hexadecimal digits");
  }
  const size_t colon = name.rfind(':');
  const bool tagged = colon != absl::string_view::npos && name.find('/', colon) == absl::string_view::npos;
  if (tagged) {
    out.tag = std::string(name.substr(colon + 1));
    name = name.substr(0, colon);
    if (!IsTag(out.tag)) return absl::InvalidArgumentError(absl::StrCat("\"", out.tag, "\" is no valid tag"));
  }
  if (name.empty()) return absl::InvalidArgumentError("an image has a name");
  if (name.size() > kLongestName)
    return absl::InvalidArgumentError("the image's name is longer than 255 bytes");
  if (name.size() == 64 && IsHex(name)) {
    return absl::InvalidArgumentError("64 hexadecimal digits are an image's id, not its name");
  }
  if (absl::Status status = SplitName(name, out); !status.ok()) return status;
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

std::string FamiliarName(const Reference& reference) {
  if (reference.domain != "docker.io") return absl::StrCat(reference.domain, "/", reference.path);
  absl::string_view path = reference.path;
  const absl::string_view rest = absl::StripPrefix(path, "library/");
  return std::string(absl::StrContains(rest, '/') ? path : rest);
}

std::string FamiliarString(const Reference& reference) {
  return absl::StrCat(FamiliarName(reference), reference.tag.empty() ? "" : ":", reference.tag,
                      reference.digest.empty() ? "" : "@", reference.digest);
}

}  // namespace spacelet::docker

#include "pkg/cloudinit/package.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"

namespace spacelet::cloudinit {
namespace {

constexpr absl::string_view kInPaths = "/._+~@:-";
constexpr absl::string_view kInUrls = "/._+~@:-?%&=,";

bool HasOnly(absl::string_view text, absl::string_view besides) {
  return std::all_of(text.begin(), text.end(), [besides](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(besides, c);
  });
}

absl::Status Wrong(absl::string_view source, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the package ", base::OneLine(source, 200), ": ", what));
}

absl::StatusOr<std::string> ParseDigest(absl::string_view text) {
  const std::string digest = absl::AsciiStrToLower(text);
  const bool hex = std::all_of(digest.begin(), digest.end(),
                               [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  if (digest.empty() || (digest.size() == 64 && hex)) return digest;
  return absl::InvalidArgumentError("the SHA-256 of the package is 64 hexadecimal digits");
}

absl::Status CheckUrl(const Package& package) {
  const absl::string_view url = package.source;
  const absl::string_view rest = url.substr(url.find("://") + 3);
  const absl::string_view host = rest.substr(0, rest.find('/'));
  if (!HasOnly(url, kInUrls)) return Wrong(url, "a character that does not belong into a URL");
  if (absl::StrContains(host, '@'))
    return Wrong("with a password", "user-data is no place for it; serve the package without");
  if (host.empty() || host.size() == rest.size()) return Wrong(url, "no file is named");
  if (absl::StartsWith(url, "http://") && package.sha256.empty())
    return Wrong(url, "over http anybody on the way can replace it: give its SHA-256, or use https");
  return absl::OkStatus();
}

absl::Status Check(const Package& package) {
  if (package.is_url()) return CheckUrl(package);
  if (package.source.empty() && !package.sha256.empty())
    return absl::InvalidArgumentError("a SHA-256 without a package");
  if (package.source.empty() || IsPlainPath(package.source)) return absl::OkStatus();
  return Wrong(package.source,
               "want https://HOST/FILE.deb, or the absolute path of the file on the new machine");
}

}  // namespace

bool Package::is_url() const {
  return absl::StartsWith(source, "https://") || absl::StartsWith(source, "http://");
}

absl::StatusOr<Package> ParsePackage(absl::string_view source, absl::string_view sha256) {
  constexpr absl::string_view kFragment = "#sha256=";
  const size_t fragment = source.find(kFragment);
  Package package;
  package.source = std::string(source.substr(0, fragment));
  ASSIGN_OR_RETURN(package.sha256, ParseDigest(sha256));
  if (fragment != absl::string_view::npos) {
    ASSIGN_OR_RETURN(const std::string named, ParseDigest(source.substr(fragment + kFragment.size())));
    if (named.empty()) return Wrong(source, "#sha256= without a digest");
    if (!package.sha256.empty() && package.sha256 != named) return Wrong(source, "two different SHA-256");
    package.sha256 = named;
  }
  RETURN_IF_ERROR(Check(package));
  return package;
}

bool IsPlainPath(absl::string_view path) {
  return path.size() > 1 && path[0] == '/' && path.back() != '/' && HasOnly(path, kInPaths);
}

}  // namespace spacelet::cloudinit

#include "pkg/config/relative_path.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"

namespace spacelet::config {
namespace {

constexpr size_t kLongestPath = 1024;

bool HasDeceptiveCharacter(absl::string_view text) {
  while (!text.empty()) {
    const base::Utf8Char c = base::DecodeUtf8(text);
    if (!c.valid || base::IsDeceptive(c.code_point)) return true;
    text.remove_prefix(c.length);
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> NormalizeRelativePath(absl::string_view path) {
  if (path.size() > kLongestPath) return absl::InvalidArgumentError("is longer than 1024 bytes");
  if (HasDeceptiveCharacter(path)) return absl::InvalidArgumentError("has a control character");
  if (absl::StartsWith(path, "/")) return absl::InvalidArgumentError("is no relative path");
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return absl::InvalidArgumentError("leads out of the document's directory");
    } else {
      parts.pop_back();
    }
  }
  if (parts.empty() || absl::EndsWith(path, "/")) return absl::InvalidArgumentError("names no file");
  return absl::StrJoin(parts, "/");
}

std::string NameBeside(absl::string_view document, absl::string_view relative_path) {
  size_t end = document.rfind('/');
  if (end == absl::string_view::npos) {
    const size_t commit = document.find('@');
    if (commit != absl::string_view::npos) end = document.find(':', commit);
  }
  return absl::StrCat(end == absl::string_view::npos ? "" : document.substr(0, end + 1), relative_path);
}

}  // namespace spacelet::config

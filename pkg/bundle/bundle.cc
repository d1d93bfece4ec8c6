#include "pkg/bundle/bundle.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/bundle/gzip.h"
#include "pkg/docker/tar.h"

namespace spacelet::bundle {

Bundle::Bundle(std::string name, const secret::Redactor& redactor)
    : name_(std::move(name)), redactor_(redactor) {}

void Bundle::Add(const std::string& path, const std::string& what, std::string content) {
  contents_.push_back(redactor_.Redact(std::move(content)));
  files_.push_back({path, what, contents_.back().size(), ""});
}

void Bundle::AddOr(const std::string& path, const std::string& what, absl::StatusOr<std::string> content) {
  if (content.ok()) return Add(path, what, *std::move(content));
  const std::string why = base::OneLine(redactor_.Redact(std::string(content.status().message())));
  Add(path, what, absl::StrCat("not there: ", why, "\n"));
  files_.back().missing = why;
}

std::string Bundle::Manifest(const Hidden& hidden) const {
  size_t width = 0;
  for (const File& file : files_) width = std::max(width, file.path.size());
  std::string text;
  for (const File& file : files_) {
    const std::string gap(width - file.path.size() + 2, ' ');
    absl::StrAppend(&text, "  ", file.path, gap, file.what);
    if (!file.missing.empty()) absl::StrAppend(&text, " (not there: ", file.missing, ")");
    text += "\n";
  }
  absl::StrAppend(&text, "\nHidden as ", kMask,
                  ": the values of the document's secrets wherever they occur, also encoded; ",
                  "literal contents of files; what logs call a token, password, key or credential");
  if (!hidden.empty()) absl::StrAppend(&text, "; the values of ", absl::StrJoin(hidden, ", "));
  return text + ".\n";
}

absl::StatusOr<std::string> Bundle::Archive(const Hidden& hidden) const {
  const auto member = [&](const std::string& path, const std::string& content) {
    return docker::FileToCopy{absl::StrCat("/", name_, "/", path), content, 0600, false};
  };
  std::vector<docker::FileToCopy> members = {member("MANIFEST.txt", Manifest(hidden))};
  for (size_t i = 0; i < files_.size(); ++i) members.push_back(member(files_[i].path, contents_[i]));
  ASSIGN_OR_RETURN(const std::string tar, docker::WriteTar(members));
  return Gzip(tar);
}

}  // namespace spacelet::bundle

#include "pkg/config/report.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/text.h"

namespace spacelet::config {
namespace {

bool IsWord(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
}

}  // namespace

std::string Join(absl::string_view path, absl::string_view key) {
  if (!IsWord(key)) return absl::StrCat(path, "[\"", base::OneLine(key, 100), "\"]");
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
}

Report::Report(absl::string_view file) : files_{base::OneLine(file)} {}

int Report::AddFile(absl::string_view name) {
  files_.push_back(base::OneLine(name));
  return static_cast<int>(files_.size()) - 1;
}

std::string Report::Shown(Position place) const {
  const std::string& file = files_[static_cast<size_t>(place.file)];
  return place.line == 0 ? file : absl::StrCat(file, ":", place.line, ":", place.column);
}

void Report::Add(Severity severity, Position place, absl::string_view path, absl::string_view message,
                 absl::string_view suggestion) {
  has_errors_ = has_errors_ || severity == Severity::kError;
  if (diagnostics_.size() == kMostDiagnostics) return;
  diagnostics_.push_back({place.file, Make(severity, place, path, message, suggestion)});
}

Diagnostic Report::Make(Severity severity, Position place, absl::string_view path, absl::string_view message,
                        absl::string_view suggestion) const {
  return {severity,
          files_[static_cast<size_t>(place.file)],
          place.line,
          place.column,
          std::string(path),
          base::OneLine(message),
          base::OneLine(suggestion)};
}

void Report::AddAt(Severity severity, absl::string_view path, absl::string_view message,
                   absl::string_view suggestion) {
  Add(severity, PlaceOf(path), path, message, suggestion);
}

Position Report::PlaceOf(absl::string_view path) const {
  for (std::string above(path); !above.empty();) {
    if (auto found = positions_.find(above); found != positions_.end()) return found->second;
    const size_t cut = above.find_last_of(".[");
    above.resize(cut == std::string::npos ? 0 : cut);
  }
  return {};
}

std::vector<Diagnostic> Report::TakeInFileOrder() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(), [](const Placed& a, const Placed& b) {
    return std::tie(a.file, a.diagnostic.line, a.diagnostic.column) <
           std::tie(b.file, b.diagnostic.line, b.diagnostic.column);
  });
  std::vector<Diagnostic> out;
  for (Placed& placed : diagnostics_) out.push_back(std::move(placed.diagnostic));
  diagnostics_.clear();
  return out;
}

Cursor Cursor::Field(const yaml::Entry& entry) const {
  Cursor field{entry.value, Join(path, entry.key), report};
  const bool is_scalar = entry.value.is_scalar();
  report.SetPosition(field.path, is_scalar ? PlaceOf(entry.value) : PlaceOfKey(entry));
  return field;
}

Cursor Cursor::Item(size_t index, const yaml::Node& item) const {
  Cursor out{item, absl::StrCat(path, "[", index, "]"), report};
  report.SetPosition(out.path, PlaceOf(item));
  return out;
}

void Cursor::Error(absl::string_view message, absl::string_view suggestion) const {
  report.Add(Severity::kError, PlaceOf(node), path, message, suggestion);
}

}  // namespace spacelet::config

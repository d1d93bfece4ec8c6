#include "pkg/config/diagnostic.h"

#include "absl/strings/str_cat.h"

namespace spacelet::config {

std::string ToText(const Diagnostic& d) {
  std::string out = d.file;
  if (d.line > 0) absl::StrAppend(&out, ":", d.line, ":", d.column);
  absl::StrAppend(&out, d.severity == Severity::kWarning ? ": warning: " : ": ");
  if (!d.path.empty()) absl::StrAppend(&out, d.path, ": ");
  absl::StrAppend(&out, d.message);
  if (!d.suggestion.empty()) absl::StrAppend(&out, " (", d.suggestion, ")");
  return out;
}

std::string ToText(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics) absl::StrAppend(&out, ToText(d), "\n");
  return out;
}

}  // namespace spacelet::config

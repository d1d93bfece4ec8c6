#include "test/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/text.h"
#include "pkg/config/report.h"

namespace spacelet::fuzz {
namespace {

// base::OneLine's largest bound is 4 KiB; a diagnostic has a path of up to yaml::kMaxDepth keys of 100 bytes
// besides.
constexpr size_t kMostBytesOfALine = 8192;

}  // namespace

void Fail(absl::string_view property, absl::string_view of) {
  const std::string text = absl::StrCat("does not hold: ", property, of.empty() ? "" : "\n", of, "\n");
  std::fputs(text.c_str(), stderr);
  std::abort();
}

void RequireOneLine(absl::string_view text) {
  Require(text.size() <= kMostBytesOfALine, "what people are shown is bounded", text.substr(0, 200));
  for (absl::string_view rest = text; !rest.empty();) {
    const base::Utf8Char c = base::DecodeUtf8(rest);
    if (!c.valid || base::IsDeceptive(c.code_point))
      Fail("what people are shown deceives no terminal", base::OneLine(text));
    rest.remove_prefix(c.length);
  }
}

void RequireReason(const absl::Status& error) {
  Require(!error.ok() && !error.message().empty(), "an error says why");
  RequireOneLine(error.message());
}

void RequireDiagnostics(const std::vector<config::Diagnostic>& diagnostics) {
  Require(diagnostics.size() <= config::Report::kMostDiagnostics, "a report is bounded");
  for (const config::Diagnostic& d : diagnostics) {
    Require(!d.file.empty() && !d.message.empty(), "a diagnostic says what and where");
    Require(d.line >= 0 && (d.line == 0) == (d.column == 0), "a place is whole", d.message);
    RequireOneLine(config::ToText(d));
  }
}

bool HasError(const std::vector<config::Diagnostic>& diagnostics) {
  for (const config::Diagnostic& d : diagnostics)
    if (d.severity == config::Severity::kError) return true;
  return false;
}

std::vector<Part> Parts(absl::string_view input) {
  std::vector<Part> parts(1);
  for (absl::string_view line : absl::StrSplit(input, '\n')) {
    if (absl::ConsumePrefix(&line, "=== "))
      parts.push_back({std::string(line), ""});
    else
      absl::StrAppend(&parts.back().text, parts.back().text.empty() ? "" : "\n", line);
  }
  return parts;
}

std::vector<std::vector<absl::string_view>> Cuts(absl::string_view input) {
  std::vector<std::vector<absl::string_view>> cuts(2);
  for (size_t i = 0; i < input.size(); ++i) cuts[0].push_back(input.substr(i, 1));
  for (size_t at = 0, length = 2; at < input.size(); at += length++)
    cuts[1].push_back(input.substr(at, length));
  return cuts;
}

}  // namespace spacelet::fuzz

#include "pkg/doctor/check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace spacelet::doctor {
namespace {

struct Mark {
  const char* sign;
  const char* word;
  const char* color;
};

const Mark& MarkOf(Result result) {
  static constexpr Mark kMarks[] = {{"✔", "ok  ", "\x1b[32m"},
                                    {"!", "WARN", "\x1b[33m"},
                                    {"✘", "FAIL", "\x1b[31m"},
                                    {"-", "skip", "\x1b[2m"}};
  return kMarks[static_cast<size_t>(result)];
}

std::string MarkText(Result result, const TextStyle& style) {
  const Mark& mark = MarkOf(result);
  const char* text = style.unicode ? mark.sign : mark.word;
  return style.color ? absl::StrCat(mark.color, text, "\x1b[0m") : text;
}

size_t Count(const std::vector<Check>& checks, Result result) {
  return static_cast<size_t>(
      std::count_if(checks.begin(), checks.end(), [&](const Check& c) { return c.result == result; }));
}

std::string Summary(const std::vector<Check>& checks) {
  const size_t failed = Count(checks, Result::kFail), warned = Count(checks, Result::kWarn);
  std::vector<std::string> parts;
  if (failed > 0) parts.push_back(absl::StrCat(failed, " failed"));
  if (warned > 0) parts.push_back(absl::StrCat(warned, warned == 1 ? " warning" : " warnings"));
  parts.push_back(absl::StrCat(Count(checks, Result::kPass), " passed"));
  if (const size_t skipped = Count(checks, Result::kSkip); skipped > 0)
    parts.push_back(absl::StrCat(skipped, " skipped"));
  const char* verdict = failed > 0 ? "Not well: " : warned > 0 ? "Well, but: " : "All well: ";
  return absl::StrCat(verdict, absl::StrJoin(parts, ", "), ".\n");
}

size_t WidestName(const std::vector<Check>& checks) {
  size_t widest = 0;
  for (const Check& check : checks) widest = std::max(widest, check.name.size());
  return widest;
}

}  // namespace

const char* Name(Result result) {
  static constexpr const char* kNames[] = {"pass", "warn", "fail", "skip"};
  return kNames[static_cast<size_t>(result)];
}

bool IsHealthy(const std::vector<Check>& checks) { return Count(checks, Result::kFail) == 0; }

std::string ToJson(const std::vector<Check>& checks) {
  auto list = nlohmann::ordered_json::array();
  for (const Check& check : checks)
    list.push_back({{"name", check.name},
                    {"result", Name(check.result)},
                    {"message", check.message},
                    {"fix", check.fix}});
  const nlohmann::ordered_json json = {{"checks", list}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ToText(const std::vector<Check>& checks, const TextStyle& style) {
  const size_t width = WidestName(checks);
  const std::string indent((style.unicode ? 1 : 4) + 1 + width + 2, ' ');
  std::string text;
  for (const Check& check : checks) {
    const std::string gap(width - check.name.size() + 2, ' ');
    absl::StrAppend(&text, MarkText(check.result, style), " ", check.name, gap, check.message, "\n");
    if (check.fix.empty()) continue;
    for (const absl::string_view line : absl::StrSplit(check.fix, '\n'))
      absl::StrAppend(&text, indent, style.unicode ? "→ " : "fix: ", line, "\n");
  }
  return absl::StrCat(text, "\n", Summary(checks));
}

}  // namespace spacelet::doctor

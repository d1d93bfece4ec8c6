// One thing that `spacelet doctor` looked at, and what it means.
#pragma once

#include <string>
#include <vector>

namespace spacelet::doctor {

// kSkip: it could not be looked at, or does not apply here; that is no failure.
enum class Result { kPass, kWarn, kFail, kSkip };

struct Check {
  std::string name;  // "docker-version"; stable, programs read it
  Result result = Result::kPass;
  std::string message;  // what was found
  std::string fix;      // the command or the edit, one a line; empty when there is nothing to do
  bool operator==(const Check&) const = default;
};

// "pass", "warn", "fail", "skip".
const char* Name(Result result);

// No check failed. Warnings do not count.
bool IsHealthy(const std::vector<Check>& checks);

// {"checks":[{"name","result","message","fix"}]}, one line. Invalid UTF-8 is replaced.
std::string ToJson(const std::vector<Check>& checks);

struct TextStyle {
  bool unicode = false;  // ✔ ! ✘ instead of words
  bool color = false;
};
// One line a check, the fix indented below it, and a closing line that counts.
std::string ToText(const std::vector<Check>& checks, const TextStyle& style);

}  // namespace spacelet::doctor

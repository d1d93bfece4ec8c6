// What one check has found so far; the worst of it decides.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/doctor/check.h"

namespace spacelet::doctor {

class Findings {
 public:
  void Warn(absl::string_view message, absl::string_view fix) { Add(Result::kWarn, message, fix); }
  void Fail(absl::string_view message, absl::string_view fix) { Add(Result::kFail, message, fix); }
  bool none() const { return check_.result == Result::kPass; }

  // `pass` is the message when nothing was found.
  Check ToCheck(absl::string_view name, absl::string_view pass) && {
    check_.name = std::string(name);
    if (none()) check_.message = std::string(pass);
    return std::move(check_);
  }

 private:
  void Add(Result result, absl::string_view message, absl::string_view fix) {
    if (result == Result::kFail || none()) check_.result = result;
    absl::StrAppend(&check_.message, check_.message.empty() ? "" : "; ", message);
    if (!fix.empty()) absl::StrAppend(&check_.fix, check_.fix.empty() ? "" : "\n", fix);
  }
  Check check_;
};

inline Check Skip(absl::string_view name, absl::string_view message, absl::string_view fix = "") {
  return {std::string(name), Result::kSkip, std::string(message), std::string(fix)};
}

}  // namespace spacelet::doctor

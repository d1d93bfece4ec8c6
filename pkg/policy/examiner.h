// The parts of Check. Private to this package.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/policy/pattern.h"
#include "pkg/policy/policy.h"

namespace spacelet::policy {

// One check: what is allowed, and what was found so far.
class Examiner {
 public:
  Examiner(const Rules& rules, const Host& host) : rules_(rules), host_(host) {}

  // check.cc
  void Network(const api::Network& network);
  void Runner(const api::Runner& runner);
  void Delegate(const api::Document& document, const api::Delegate& delegate);
  // check_workload.cc: what a workload is, wherever it stands. `component` is "runner", "delegate" or a name.
  void Workload(const std::string& path, absl::string_view component, const api::Workload& workload);
  // check_secrets.cc
  void Secret(const std::string& path, const api::SecretSource& source);
  void SecretsOf(const std::string& path, const api::Workload& workload);
  void Exposure(const std::string& path, absl::string_view component, const api::Workload& workload);

  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  void Deny(std::string rule, std::string field, std::string message, std::string remedy) {
    violations_.push_back({std::move(rule), std::move(field), std::move(message), std::move(remedy)});
  }
  // For a rule that is yes or no.
  void DenyUnless(bool allowed, const std::string& rule, const std::string& field) {
    if (!allowed)
      Deny(rule, field, "is not allowed",
           absl::StrCat("take it out of the document, or set spec.", rule, ": true in the policy"));
  }
  // For a rule that is a list; `what` is how the value would stand in it.
  void DenyUnlisted(const std::string& rule, const std::string& field, const std::string& what) {
    Deny(rule, field, absl::StrCat(what, " is not allowed"),
         absl::StrCat("take it out of the document, or add it to spec.", rule, " of the policy"));
  }
  static bool MatchesAny(const std::vector<std::string>& globs, absl::string_view text) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return GlobMatches(glob, text); });
  }
  static bool IsImageOf(const std::vector<std::string>& patterns, const std::string& image);
  // A path of the host that the document names.
  void Path(const std::string& rule, const std::vector<std::string>& allowed, const std::string& field,
            const std::string& path);

  void Image(const std::string& path, const api::Workload& workload);
  void Privileges(const std::string& path, const api::Workload& workload);
  void Devices(const std::string& path, const api::Workload& workload);
  void Volumes(const std::string& path, absl::string_view component, const api::Workload& workload);
  void Ports(const std::string& path, const api::Workload& workload);
  void Logging(const std::string& path, const api::Logging& logging);
  void Sysctls(const std::string& path, const api::Workload& workload);
  void Labels(const std::string& path, const std::map<std::string, std::string>& labels);
  void RunnerUrl(const api::Document& document, const std::string& field, const std::string& url);
  void ManagerUrl(const std::string& field, const std::string& url);
  void DelegateVariables(const api::Document& document, const api::Workload& workload);

  const Rules& rules_;
  const Host& host_;
  std::vector<Violation> violations_;
};

}  // namespace spacelet::policy

// The web configuration file: no message repeats a hash or a key.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/report.h"
#include "pkg/webconfig/webconfig.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {

void Check(absl::string_view input) {
  config::Report report("web.yaml");
  const std::optional<webconfig::WebConfig> parsed = webconfig::Parse(input, report);
  Require(parsed.has_value() != report.has_errors(), "a file is refused exactly when there is an error");
  const std::vector<config::Diagnostic> diagnostics = report.TakeInFileOrder();
  RequireDiagnostics(diagnostics);
  for (const config::Diagnostic& d : diagnostics)
    for (const char* secret : {"$2a$1", "$2b$1", "$2y$1", "PRIVATE KEY"})
      Require(!absl::StrContains(d.message, secret), "no message holds a hash or a key", d.message);
  if (!parsed) return;
  for (const auto& [user, hash] : parsed->users) {
    const std::optional<int> cost = webconfig::BcryptCost(hash);
    Require(cost && *cost <= webconfig::kHighestCost, "each user has a hash that can be afforded", user);
  }
}

}  // namespace spacelet::fuzz

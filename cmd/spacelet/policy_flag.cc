#include "cmd/spacelet/policy_flag.h"

#include <vector>

#include "cmd/spacelet/output.h"
#include "pkg/app/local_policy.h"
#include "pkg/app/options.h"
#include "pkg/app/whose_file.h"

namespace spacelet::cmd {

void AddPolicyOption(CLI::App& app, std::string& path) {
  app.add_option("--policy", path, "what a document may ask of this host (kind HostPolicy)")
      ->type_name("FILE");
}

int CheckPolicy(const LoadedDocument& document, const std::string& path, bool is_enforced) {
  if (path.empty()) return app::kGood;
  if (const absl::Status whose =
          is_enforced ? app::CheckWhoseFile(path, "who could change the policy") : absl::OkStatus();
      !whose.ok())
    return Fail(whose, app::kNotSo);
  const absl::StatusOr<policy::Policy> policy = app::ReadPolicy(path);
  if (!policy.ok()) return Fail(policy.status(), app::kNotSo);
  const std::vector<config::Diagnostic> objections =
      app::Objections(document.loaded, &*policy, policy::Origin::kFile, {path});
  ShowDiagnostics(objections, source::TextsOf(document.version, document.loaded));
  return objections.empty() ? app::kGood : app::kInvalidDocument;
}

}  // namespace spacelet::cmd

// The host's policy, alone or held against the document that follows it.
#include "pkg/policy/policy.h"

#include "absl/strings/str_cat.h"
#include "pkg/policy/load.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

constexpr char kDocument[] =
    "apiVersion: spacelet.dev/v1alpha1\n"
    "kind: GitspaceHost\n"
    "metadata: {name: h}\n"
    "spec:\n"
    "  containers:\n"
    "    - name: tool\n"
    "      image: quay.io/acme/tool:1.2\n"
    "      privileged: true\n"
    "      capAdd: [NET_ADMIN]\n"
    "      sysctls: {net.core.somaxconn: \"1024\"}\n"
    "      labels: {team: infra}\n"
    "      ports: [\"10.0.0.5:80:80\"]\n"
    "      volumes: [\"/srv/data/a:/data:ro\", \"/var/run/docker.sock:/s\"]\n"
    "      env: {TOKEN: {secretFrom: {file: /etc/spacelet/token}}}\n";

std::string FilesResolve(const std::string& path) { return path; }

}  // namespace

void Check(absl::string_view input) {
  const std::vector<Part> parts = Parts(input);
  const policy::Loaded loaded = policy::Load(parts[0].text, "policy.yaml");
  RequireDiagnostics(loaded.diagnostics);
  Require(loaded.ok() != HasError(loaded.diagnostics), "a policy is refused exactly when there is an error");
  const config::Loaded document = config::Load(
      parts.size() > 1 ? absl::string_view(parts[1].text) : kDocument, "host.yaml", absl::UnixEpoch());
  if (!loaded.ok() || !document.ok()) return;
  const policy::Host host{.resolve = FilesResolve, .guarded = {"/var/lib/spacelet"}};
  for (const policy::Origin origin : {policy::Origin::kFile, policy::Origin::kGit}) {
    const std::vector<policy::Violation> violations =
        policy::Check(*document.document, &*loaded.policy, origin, host);
    for (const policy::Violation& v : violations)
      Require(!v.rule.empty() && !v.field.empty() && !v.message.empty(),
              "a violation names its rule and field");
    RequireDiagnostics(policy::ToDiagnostics(violations, &*loaded.policy, document));
  }
}

}  // namespace spacelet::fuzz

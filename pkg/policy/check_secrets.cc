#include "absl/strings/match.h"
#include "pkg/config/report.h"
#include "pkg/policy/examiner.h"

namespace spacelet::policy {
namespace {

using Kind = api::SecretSource::Kind;

bool IsOfTheHost(const std::optional<api::SecretSource>& source) {
  return source && source->kind != Kind::kValue;
}

// The runner's directory holds keys and its database; the delegate is given its token.
bool HasSecrets(absl::string_view component, const api::Workload& workload) {
  if (component == "runner" || component == "delegate") return true;
  return std::any_of(workload.env.begin(), workload.env.end(),
                     [](const auto& e) { return IsOfTheHost(e.second.secret); }) ||
         std::any_of(workload.files.begin(), workload.files.end(),
                     [](const api::File& f) { return IsOfTheHost(f.secret); });
}

bool IsExec(const std::optional<api::Probe>& probe) {
  return probe && std::holds_alternative<api::Probe::Exec>(probe->handler);
}

// The fields by which a document brings something that runs in the container, or that its traffic goes to.
std::vector<std::string> FieldsBesideSecrets(absl::string_view component, const api::Workload& w) {
  std::vector<std::string> out;
  const auto add_if = [&](bool there, std::string field) {
    if (there) out.push_back(std::move(field));
  };
  add_if(w.command.has_value(), "command");
  add_if(w.args.has_value(), "args");
  for (size_t i = 0; i < w.files.size(); ++i)
    add_if(!IsOfTheHost(w.files[i].secret), absl::StrCat("files[", i, "]"));
  for (size_t i = 0; i < w.volumes.size(); ++i)
    add_if(component != "runner" || w.volumes[i].container != "/runner", absl::StrCat("volumes[", i, "]"));
  add_if(!w.extra_hosts.empty(), "extraHosts");
  add_if(!w.dns.empty(), "dns");
  add_if(IsExec(w.readiness_probe), "readinessProbe.exec");
  add_if(IsExec(w.startup_probe), "startupProbe.exec");
  add_if(IsExec(w.liveness_probe), "livenessProbe.exec");
  return out;
}

}  // namespace

void Examiner::Secret(const std::string& path, const api::SecretSource& source) {
  switch (source.kind) {
    case Kind::kFile:
      return Path("secrets.files", rules_.secrets.files, path + ".file", source.file);
    case Kind::kEnv:
      if (std::find(rules_.secrets.variables.begin(), rules_.secrets.variables.end(), source.env) ==
          rules_.secrets.variables.end())
        DenyUnlisted("secrets.variables", path + ".env", source.env);
      return;
    case Kind::kCommand: {
      const bool allowed = std::any_of(
          rules_.secrets.commands.begin(), rules_.secrets.commands.end(),
          [&](const std::vector<std::string>& pattern) { return CommandMatches(pattern, source.command); });
      if (!allowed)
        DenyUnlisted("secrets.commands", path + ".command",
                     absl::StrCat("this command of ", source.command.empty() ? "" : source.command[0]));
      return;
    }
    case Kind::kValue:
      return;  // the document's own
  }
}

void Examiner::SecretsOf(const std::string& path, const api::Workload& workload) {
  if (workload.image_pull_secret)
    Secret(path + ".imagePullSecret.password", workload.image_pull_secret->password);
  for (const auto& [name, value] : workload.env)
    if (value.secret) Secret(config::Join(path + ".env", name), *value.secret);
  for (size_t i = 0; i < workload.files.size(); ++i)
    if (workload.files[i].secret) Secret(absl::StrCat(path, ".files[", i, "]"), *workload.files[i].secret);
}

void Examiner::Exposure(const std::string& path, absl::string_view component, const api::Workload& workload) {
  if (!HasSecrets(component, workload) || IsImageOf(rules_.exposure.images, workload.image)) return;
  for (const std::string& field : FieldsBesideSecrets(component, workload))
    Deny("exposure.images", absl::StrCat(path, ".", field),
         absl::StrCat("is not allowed in a container that has secrets: it could pass them on"),
         absl::StrCat("take it out of the document, or add ", NormalizedRepository(workload.image),
                      " to spec.exposure.images of the policy"));
  for (const auto& [name, value] : workload.env) {
    if (IsOfTheHost(value.secret) || MatchesAny(rules_.exposure.variables, name)) continue;
    Deny("exposure.variables", config::Join(path + ".env", name),
         absl::StrCat(name, " is not allowed in a container that has secrets"),
         "take it out of the document, or add it to spec.exposure.variables of the policy");
  }
}

}  // namespace spacelet::policy

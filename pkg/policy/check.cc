#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/config/report.h"
#include "pkg/policy/examiner.h"

namespace spacelet::policy {
namespace {

void Append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// What is written and what the empty policy allows, together.
Rules WithBaseline(Rules rules) {
  const Rules& base = Baseline();
  Append(rules.containers.sysctls, base.containers.sysctls);
  Append(rules.containers.log_drivers, base.containers.log_drivers);
  Append(rules.containers.log_options, base.containers.log_options);
  Append(rules.ports.addresses, base.ports.addresses);
  Append(rules.network.names, base.network.names);
  Append(rules.network.drivers, base.network.drivers);
  Append(rules.network.options, base.network.options);
  Append(rules.runner.directories, base.runner.directories);
  Append(rules.runner.pool_files, base.runner.pool_files);
  Append(rules.delegate.manager_hosts, base.delegate.manager_hosts);
  return rules;
}

bool Contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool AnswersTo(const api::Workload& workload, const std::string& host) {
  return workload.container_name == host || workload.hostname == host ||
         Contains(workload.network_aliases, host);
}

bool HasEndpoint(const std::vector<std::string>& entries, const Endpoint& endpoint) {
  return std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
    const absl::StatusOr<Endpoint> allowed = ParseEndpointEntry(entry);
    return allowed.ok() && *allowed == endpoint;
  });
}

std::string ToEntry(const Endpoint& endpoint) {
  const bool is_http = endpoint.scheme == "http";
  const bool usual = endpoint.port == (is_http ? 80 : 443);
  return absl::StrCat(is_http ? "http://" : "", endpoint.host, usual ? "" : absl::StrCat(":", endpoint.port));
}

// A literal, or nothing where a secret stands.
const std::string* Literal(const api::EnvValue& value) {
  if (!value.secret) return &value.value;
  return value.secret->kind == api::SecretSource::Kind::kValue ? &value.secret->value : nullptr;
}

std::vector<Violation> CheckSecretsOnly(const api::Document& document, const Rules& rules, const Host& host) {
  Examiner examiner(rules, host);
  if (document.runner) examiner.SecretsOf("spec.runner", document.runner->workload);
  if (document.delegate) {
    examiner.Secret("spec.delegate.token", document.delegate->token);
    examiner.SecretsOf("spec.delegate", document.delegate->workload);
  }
  for (size_t i = 0; i < document.containers.size(); ++i)
    examiner.SecretsOf(absl::StrCat("spec.containers[", i, "]"), document.containers[i].workload);
  return examiner.Take();
}

// No policy at all: it has to be told what one is.
std::vector<Violation> CheckWithoutPolicy(const api::Document& document, const Host& host) {
  std::vector<Violation> violations = CheckSecretsOnly(document, Rules{}, host);
  for (Violation& violation : violations) {
    violation.message =
        "is not allowed: a document from Git may use no secret file, command or variable of a host without a "
        "policy";
    violation.remedy = absl::StrCat("list it under spec.", violation.rule, " in ", kUsualFile,
                                    ", and start the agent with --policy ", kUsualFile);
  }
  return violations;
}

}  // namespace

void Examiner::Path(const std::string& rule, const std::vector<std::string>& allowed,
                    const std::string& field, const std::string& path) {
  const absl::StatusOr<bool> covered = CoversPath(allowed, path, host_);
  if (!covered.ok())
    return Deny(rule, field, absl::StrCat("it cannot be told where it leads: ", covered.status().message()),
                "name the path without symbolic links");
  if (*covered) return;
  const std::string end = host_.resolve ? host_.resolve(path).value_or(path) : path;
  DenyUnlisted(rule, field, end == path ? path : absl::StrCat(path, ", which is ", end, ","));
}

void Examiner::Network(const api::Network& network) {
  if (!Contains(rules_.network.names, network.name))
    DenyUnlisted("network.names", "spec.network.name", network.name);
  if (!Contains(rules_.network.drivers, network.driver))
    DenyUnlisted("network.drivers", "spec.network.driver", network.driver);
  if (network.subnet && !Contains(rules_.network.subnets, *network.subnet))
    DenyUnlisted("network.subnets", "spec.network.subnet", *network.subnet);
  for (const auto& [name, value] : network.options)
    if (!MatchesAny(rules_.network.options, name))
      DenyUnlisted("network.options", config::Join("spec.network.options", name), name);
  Labels("spec.network.labels", network.labels);
}

void Examiner::Runner(const api::Runner& runner) {
  const auto& volumes = runner.workload.volumes;
  const bool has_volume = std::any_of(volumes.begin(), volumes.end(),
                                      [](const api::Volume& v) { return v.container == "/runner"; });
  if (!has_volume)
    Path("runner.directories", rules_.runner.directories, "spec.runner.directory", runner.directory);
  // The agent keeps copies of the database and puts them back, below this path of the directory.
  const auto database = runner.workload.env.find("DRONE_DATABASE_DATASOURCE");
  if (database != runner.workload.env.end()) {
    const std::string* path = Literal(database->second);
    const std::vector<std::string> parts = absl::StrSplit(path == nullptr ? "" : *path, '/');
    if (Contains(parts, ".."))
      Deny("runner.directories", "spec.runner.env.DRONE_DATABASE_DATASOURCE",
           "leads out of the runner's directory", "name a path without .. in it");
  }
  if (!runner.pool) return;
  if (runner.pool->inline_yaml)
    return DenyUnless(rules_.runner.document_pool, "runner.documentPool", "spec.runner.pool.inline");
  if (!runner.pool->file) return;
  if (!absl::StartsWith(*runner.pool->file, "/"))  // it is read where the document is
    return DenyUnless(rules_.runner.document_pool, "runner.documentPool", "spec.runner.pool.file");
  Path("runner.poolFiles", rules_.runner.pool_files, "spec.runner.pool.file", *runner.pool->file);
}

void Examiner::ManagerUrl(const std::string& field, const std::string& url) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(url);
  if (!endpoint.ok())
    return Deny("delegate.managerHosts", field, std::string(endpoint.status().message()),
                "write https://HOST");
  if (!HasEndpoint(rules_.delegate.manager_hosts, *endpoint))
    DenyUnlisted("delegate.managerHosts", field, ToEntry(*endpoint));
}

void Examiner::RunnerUrl(const api::Document& document, const std::string& field, const std::string& url) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(url);
  if (!endpoint.ok())
    return Deny("delegate.runnerHosts", field, std::string(endpoint.status().message()),
                "write http://HOST:PORT/");
  const bool own = document.runner && AnswersTo(document.runner->workload, endpoint->host);
  if (!own && !HasEndpoint(rules_.delegate.runner_hosts, *endpoint))
    DenyUnlisted("delegate.runnerHosts", field, ToEntry(*endpoint));
}

// A variable of the document wins over the field that the profile makes one of.
void Examiner::DelegateVariables(const api::Document& document, const api::Workload& workload) {
  for (const auto& [name, value] : workload.env) {
    const bool manager = name == "MANAGER_HOST_AND_PORT";
    if (!manager && name != "RUNNER_URL") continue;
    const std::string field = config::Join("spec.delegate.env", name);
    const std::string* url = Literal(value);
    if (url == nullptr)
      Deny(manager ? "delegate.managerHosts" : "delegate.runnerHosts", field,
           "comes from a secret, and cannot be checked", "write the URL itself");
    else if (manager)
      ManagerUrl(field, *url);
    else
      RunnerUrl(document, field, *url);
  }
}

void Examiner::Delegate(const api::Document& document, const api::Delegate& delegate) {
  ManagerUrl("spec.delegate.managerUrl", delegate.manager_url);
  if (delegate.runner_url) RunnerUrl(document, "spec.delegate.runnerUrl", *delegate.runner_url);
  DelegateVariables(document, delegate.workload);
  Secret("spec.delegate.token", delegate.token);
}

std::vector<Violation> Check(const api::Document& document, const Policy* policy, Origin origin,
                             const Host& host) {
  if (policy == nullptr)
    return origin == Origin::kGit ? CheckWithoutPolicy(document, host) : std::vector<Violation>{};
  const Rules rules = WithBaseline(policy->rules);
  Examiner examiner(rules, host);
  examiner.Network(document.network);
  if (document.runner) {
    examiner.Runner(*document.runner);
    examiner.Workload("spec.runner", "runner", document.runner->workload);
  }
  if (document.delegate) {
    examiner.Delegate(document, *document.delegate);
    examiner.Workload("spec.delegate", "delegate", document.delegate->workload);
  }
  for (size_t i = 0; i < document.containers.size(); ++i)
    examiner.Workload(absl::StrCat("spec.containers[", i, "]"), document.containers[i].name,
                      document.containers[i].workload);
  return examiner.Take();
}

std::vector<config::Diagnostic> ToDiagnostics(const std::vector<Violation>& violations, const Policy* policy,
                                              const config::Loaded& loaded) {
  config::Report report(loaded.file_names.front());
  for (size_t i = 1; i < loaded.file_names.size(); ++i) report.AddFile(loaded.file_names[i]);
  for (const auto& [path, place] : loaded.positions) report.SetPosition(path, place);
  for (const Violation& violation : violations) {
    std::string by = "policy ";
    if (policy != nullptr) {
      const auto line = policy->lines.find(violation.rule);
      absl::StrAppend(&by, policy->file, line == policy->lines.end() ? "" : absl::StrCat(":", line->second),
                      " ");
    }
    report.AddAt(config::Severity::kError, violation.field,
                 absl::StrCat(by, violation.rule, ": ", violation.message), violation.remedy);
  }
  return report.TakeInFileOrder();
}

}  // namespace spacelet::policy

// Each field of a document is bounded by a rule of the policy, or somebody has decided that it need not be.
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/config/reference.h"
#include "pkg/policy/load.h"

namespace spacelet::policy {
namespace {

using ::testing::IsEmpty;

// A field may do nothing but what another rule bounds, or what stays inside the container or the agent.
constexpr char kHarmless[] = "";
// The value is a record, whose own fields have decisions.
constexpr char kRecord[] = "-";
constexpr char kExposure[] = "exposure.images";
constexpr char kSecrets[] = "secrets.files secrets.commands secrets.variables";

using Fields = std::map<std::string, std::string>;  // field → names of the rules that bound it

// By the records of config::Reference.
const std::map<std::string, Fields>& Decisions() {
  static const auto& all = *new std::map<std::string, Fields>{
      // Overlays are read below the document's directory alone, and what they say is checked with the
      // document.
      {"document",
       {{"apiVersion", kHarmless},
        {"kind", kHarmless},
        {"overlays", kHarmless},
        {"metadata", kRecord},
        {"spec", kRecord}}},
      {"metadata", {{"name", kHarmless}}},
      {"spec",
       {{"suspend", kHarmless},
        {"network", kRecord},
        {"runner", kRecord},
        {"delegate", kRecord},
        {"containers", kRecord}}},
      {"network",
       {{"name", "network.names"},
        {"driver", "network.drivers"},
        {"subnet", "network.subnets"},
        {"gateway", kHarmless},  // lies in the subnet
        {"ipv6", kHarmless},
        {"internal", kHarmless},
        {"options", "network.options"},
        {"labels", "containers.labels"}}},
      {"runner",
       {{"directory", "runner.directories"}, {"pool", kRecord}, {"allowHostnameChange", kHarmless}}},
      {"pool", {{"file", "runner.poolFiles runner.documentPool"}, {"inline", "runner.documentPool"}}},
      {"delegate",
       {{"name", kHarmless},
        {"accountId", kHarmless},
        {"token", kSecrets},
        {"tags", kHarmless},
        {"managerUrl", "delegate.managerHosts"},
        {"deployMode", kHarmless},
        {"runnerUrl", "delegate.runnerHosts"}}},
      {"container", {{"name", kHarmless}}},
      {"workload",
       {{"image", "images.repositories images.requireDigest"},
        {"imagePullPolicy", kHarmless},
        {"imageArchive", "images.archives"},
        {"autoUpdate", kHarmless},
        {"imagePullSecret", kRecord},
        {"containerName", kHarmless},
        {"hostname", kHarmless},
        {"networkAliases", kHarmless},
        {"platform", kHarmless},
        {"command", kExposure},
        {"args", kExposure},
        {"workingDir", kHarmless},
        {"user", kHarmless},
        {"labels", "containers.labels"},
        {"env", "exposure.variables secrets.files secrets.commands secrets.variables"},
        {"files", kRecord},
        {"volumes", "volumes.hostPaths exposure.images"},
        {"ports", "ports.addresses"},
        {"hostNetwork", "containers.hostNetwork"},
        {"hostPID", "containers.hostPID"},
        {"resources", kHarmless},
        {"stopGracePeriod", kHarmless},
        {"stopSignal", kHarmless},
        {"restartPolicy", kHarmless},
        {"logging", kRecord},
        {"readinessProbe", kRecord},
        {"startupProbe", kRecord},
        {"livenessProbe", kRecord},
        {"dependsOn", kHarmless},
        {"rollout", kRecord},
        {"ignoreDrift", kHarmless},
        {"takeover", "containers.takeover"},
        {"init", kHarmless},
        {"readOnly", kHarmless},
        {"tmpfs", kHarmless},
        {"capAdd", "containers.capabilities"},
        {"capDrop", kHarmless},
        {"noNewPrivileges", "containers.requireNoNewPrivileges"},
        {"privileged", "containers.privileged"},
        {"devices", "containers.devices"},
        {"ulimits", kHarmless},
        {"sysctls", "containers.sysctls"},
        {"extraHosts", kExposure},
        {"dns", kExposure},
        {"shmSize", kHarmless}}},
      {"imagePullSecret", {{"username", kHarmless}, {"password", kSecrets}}},
      // Beside what any secret has.
      {"containerFile", {{"path", kHarmless}, {"content", kExposure}, {"mode", kHarmless}}},
      {"secret",
       {{"file", "secrets.files"},
        {"env", "secrets.variables"},
        {"command", "secrets.commands"},
        {"value", kHarmless},  // the document's own
        {"refreshInterval", kHarmless}}},
      {"logging",
       {{"driver", "containers.logDrivers"},
        {"maxSize", kHarmless},
        {"maxFiles", kHarmless},
        {"options", "containers.logOptions"}}},
      {"probe",
       {{"httpGet", kHarmless},
        {"tcpSocket", kHarmless},
        {"exec", kExposure},
        {"dockerHealth", kHarmless},
        {"initialDelaySeconds", kHarmless},
        {"periodSeconds", kHarmless},
        {"timeoutSeconds", kHarmless},
        {"failureThreshold", kHarmless},
        {"successThreshold", kHarmless}}},
      // When something is changed, not what.
      {"rollout",
       {{"strategy", kHarmless},
        {"progressDeadline", kHarmless},
        {"minReadySeconds", kHarmless},
        {"autoRollback", kHarmless},
        {"drainTimeout", kHarmless},
        {"onDrainTimeout", kHarmless},
        {"splay", kHarmless},
        {"windows", kHarmless}}},
  };
  return all;
}

// Records whose fields do what the field that has them says.
const std::set<std::string>& Parts() {
  static const auto& all = *new std::set<std::string>{"autoUpdate", "dockerHealth", "exec",   "httpGet",
                                                      "resources",  "tcpSocket",    "ulimit", "window"};
  return all;
}

// A component says it again where its default is another.
bool OfEveryWorkload(const std::string& field) { return Decisions().at("workload").contains(field); }

TEST(Fields, EachFieldOfADocumentHasADecision) {
  std::vector<std::string> undecided;
  std::map<std::string, Fields> unknown = Decisions();
  for (const config::Definition& record : config::Reference()) {
    if (Parts().contains(record.name)) continue;
    for (const config::FieldInfo& field : record.fields)
      if (unknown[record.name].erase(field.name) == 0 && !OfEveryWorkload(field.name))
        undecided.push_back(absl::StrCat(record.name, ".", field.name));
    if (unknown[record.name].empty()) unknown.erase(record.name);
  }
  EXPECT_THAT(undecided, IsEmpty()) << "say in test/pkg/policy/fields_test.cc what bounds them";
  for (const auto& [record, fields] : unknown)
    for (const auto& [field, rules] : fields) ADD_FAILURE() << record << "." << field << " is no field";
}

std::set<std::string> AllRules() {
  std::map<std::string, std::vector<config::FieldInfo>> records;
  for (const config::Definition& record : Reference()) records[record.name] = record.fields;
  std::set<std::string> rules;
  for (const config::FieldInfo& group : records.at("policySpec")) {
    std::string record = group.name;
    record[0] = absl::ascii_toupper(static_cast<unsigned char>(record[0]));
    for (const config::FieldInfo& rule : records.at(absl::StrCat("policy", record)))
      rules.insert(absl::StrCat(group.name, ".", rule.name));
  }
  return rules;
}

TEST(Fields, TheRulesThatBoundThemAreAllThatThereAre) {
  std::set<std::string> named;
  for (const auto& [record, fields] : Decisions())
    for (const auto& [field, rules] : fields)
      for (const absl::string_view rule : absl::StrSplit(rules, ' ', absl::SkipEmpty()))
        if (rule != kRecord) named.emplace(rule);
  EXPECT_EQ(named, AllRules());
}

}  // namespace
}  // namespace spacelet::policy

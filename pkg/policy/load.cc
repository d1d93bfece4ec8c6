#include "pkg/policy/load.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/config/load.h"
#include "pkg/config/report.h"
#include "pkg/policy/grammar.h"
#include "pkg/yaml/tree.h"

namespace spacelet::policy {
namespace {

using config::JsonObject;
using config::JsonText;
using config::Report;
using config::Severity;

std::optional<Policy> LoadInto(absl::string_view bytes, Report& report) {
  const yaml::Parsed parsed = yaml::Parse(bytes);
  for (const yaml::Error& error : parsed.errors)
    report.Add(Severity::kError, {error.line, error.column}, "", error.message);
  if (!parsed.root || parsed.root->is_null()) return std::nullopt;
  Policy policy;
  PolicyRecord().Decode(config::Cursor{*parsed.root, "", report}, policy.rules);
  return report.has_errors() ? std::nullopt : std::optional(std::move(policy));
}

// "spec.volumes.hostPaths" is the place of the rule "volumes.hostPaths".
std::map<std::string, int> LinesOfRules(const std::map<std::string, config::Position>& positions) {
  std::map<std::string, int> lines;
  for (const auto& [path, place] : positions) {
    absl::string_view rule = path;
    if (absl::ConsumePrefix(&rule, "spec.")) lines.emplace(rule, place.line);
  }
  return lines;
}

}  // namespace

Loaded Load(absl::string_view bytes, absl::string_view file_name) {
  Report report(file_name);
  Loaded loaded;
  loaded.policy = LoadInto(bytes, report);
  loaded.diagnostics = report.TakeInFileOrder();
  if (!loaded.policy) return loaded;
  loaded.policy->file = std::string(file_name);
  loaded.policy->lines = LinesOfRules(report.TakePositions());
  return loaded;
}

std::string JsonSchema() {
  config::Definitions definitions;
  yaml::Node root = PolicyRecord().Schema(definitions);
  yaml::Node members = yaml::Node::Map();
  for (const auto& [name, definition] : definitions) members.Add(name, definition.schema);
  const yaml::Node schema =
      JsonObject({{"$schema", JsonText("http://json-schema.org/draft-07/schema#")},
                  {"$id", JsonText("https://spacelet.dev/schema/hostpolicy.v1alpha1.json")},
                  {"title", JsonText(absl::StrCat(kKind, " (", api::kApiVersion, ")"))},
                  {"allOf", yaml::Node::Sequence({std::move(root)})},
                  {"definitions", std::move(members)}});
  return config::ToJson(schema, true) + "\n";
}

std::vector<config::Definition> Reference() {
  config::Definitions definitions;
  PolicyRecord().Schema(definitions);
  std::vector<config::Definition> out;
  for (auto& [name, definition] : definitions) out.push_back(std::move(definition));
  return out;
}

}  // namespace spacelet::policy

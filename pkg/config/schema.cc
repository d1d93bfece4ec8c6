#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/reference.h"

namespace spacelet::config {

std::string JsonSchema() {
  Definitions definitions;
  yaml::Node root = DocumentRecord().Schema(definitions);
  yaml::Node members = yaml::Node::Map();
  for (const auto& [name, definition] : definitions) members.Add(name, definition.schema);
  const yaml::Node schema =
      JsonObject({{"$schema", JsonText("http://json-schema.org/draft-07/schema#")},
                  {"$id", JsonText("https://spacelet.dev/schema/gitspacehost.v1alpha1.json")},
                  {"title", JsonText(absl::StrCat(api::kKind, " (", api::kApiVersion, ")"))},
                  {"allOf", yaml::Node::Sequence({std::move(root)})},
                  {"definitions", std::move(members)}});
  return ToJson(schema, true) + "\n";
}

std::string ToYaml(const api::Document& document) {
  return yaml::Emit(EscapedReferences(DocumentRecord().Encode(document)));
}

std::vector<Definition> Reference() {
  Definitions definitions;
  DocumentRecord().Schema(definitions);
  WorkloadRecord().Schema(definitions);
  std::vector<Definition> out;
  for (auto& [name, definition] : definitions) out.push_back(std::move(definition));
  return out;
}

}  // namespace spacelet::config

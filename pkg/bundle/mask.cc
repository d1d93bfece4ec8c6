#include "pkg/bundle/mask.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/secret_name.h"
#include "pkg/yaml/tree.h"

namespace spacelet::bundle {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;

bool IsNamed(const std::string& name, const std::set<std::string>& secret_variables) {
  return base::LooksSecret(name) || secret_variables.count(name) > 0;
}

std::pair<std::string, std::string> Variable(const Json& entry) {
  return absl::StrSplit(entry.is_string() ? entry.get<std::string>() : "", absl::MaxSplits('=', 1));
}

// Rules for the fields of inspect.
class JsonMasker {
 public:
  JsonMasker(const std::set<std::string>& variables, Hidden& hidden)
      : variables_(variables), hidden_(hidden) {}

  void Mask(Json& json, int depth = 0) {
    if (depth > kMaxDepth) {
      json = kMask;
      return;
    }
    if (json.is_array())
      for (Json& element : json) Mask(element, depth + 1);
    if (!json.is_object()) return;
    for (auto& [key, value] : json.items()) MaskField(key, value, depth);
  }

 private:
  void MaskField(const std::string& key, Json& value, int depth) {
    if (key == "Env")
      MaskVariables(value);
    else if (key == "Cmd" || key == "Entrypoint" || key == "Args")
      MaskWords(value);
    else if (key == "Output" && value.is_string())  // of a health check
      value = MaskText(value.get<std::string>());
    else if (base::LooksSecret(key) && value.is_string() && !value.get<std::string>().empty())
      Hide(key, value);
    else
      Mask(value, depth + 1);
  }
  void MaskVariables(Json& list) {
    if (!list.is_array()) return;
    for (Json& entry : list) {
      const auto [name, value] = Variable(entry);
      entry = absl::StrCat(name, "=", MaskText(value));
      if (!IsNamed(name, variables_)) continue;
      entry = absl::StrCat(name, "=", kMask);
      hidden_.insert(name);
    }
  }
  static void MaskWords(Json& list) {
    if (!list.is_array()) return;
    std::vector<std::string> words;
    for (const Json& word : list) words.push_back(word.is_string() ? word.get<std::string>() : kMask);
    list = MaskArguments(std::move(words));
  }
  void Hide(const std::string& key, Json& value) {
    value = kMask;
    hidden_.insert(key);
  }
  const std::set<std::string>& variables_;
  Hidden& hidden_;
};

// Rules for the fields of a document.
class YamlMasker {
 public:
  explicit YamlMasker(Hidden& hidden) : hidden_(hidden) {}

  void Mask(yaml::Node& node) {
    for (yaml::Node& item : node.items) Mask(item);
    for (yaml::Entry& entry : node.entries) MaskEntry(entry);
  }

 private:
  void MaskEntry(yaml::Entry& entry) {
    const bool hide = entry.key == "value" || entry.key == "content" || entry.key == "user_data" ||
                      base::LooksSecret(entry.key);
    if ((entry.key == "command" || entry.key == "args") && entry.value.is_sequence())
      MaskWords(entry.value);
    else if (hide && !entry.value.is_map())
      Hide(entry);
    else
      Mask(entry.value);
    if (entry.value.is_scalar()) entry.value.text = MaskText(entry.value.text);
  }
  static void MaskWords(yaml::Node& list) {
    std::vector<std::string> words;
    for (const yaml::Node& item : list.items) words.push_back(item.text);
    words = MaskArguments(std::move(words));
    for (size_t i = 0; i < words.size(); ++i)
      if (list.items[i].is_scalar()) list.items[i] = yaml::Node::Text(words[i]);
  }
  void Hide(yaml::Entry& entry) {
    if (entry.value.is_null()) return;
    entry.value = yaml::Node::Text(kMask);
    hidden_.insert(entry.key);
  }
  Hidden& hidden_;
};

Json Parse(absl::string_view json) {
  return Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::string MaskInspect(absl::string_view json, const std::set<std::string>& secret_variables,
                        Hidden& hidden) {
  Json value = Parse(json);
  if (value.is_discarded()) return "not passed on: it is no JSON\n";
  JsonMasker(secret_variables, hidden).Mask(value);
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> SecretValuesIn(absl::string_view json,
                                        const std::set<std::string>& secret_variables) {
  const Json value = Parse(json);
  std::vector<std::string> values;
  if (!value.is_object() || !value.contains("Config") || !value["Config"].is_object()) return values;
  const Json& config = value["Config"];
  if (!config.contains("Env") || !config["Env"].is_array()) return values;
  for (const Json& entry : config["Env"])
    if (auto [name, text] = Variable(entry); IsNamed(name, secret_variables))
      values.push_back(std::move(text));
  return values;
}

std::string MaskDocument(absl::string_view yaml, Hidden& hidden) {
  yaml::Parsed parsed = yaml::Parse(yaml);
  if (!parsed.root) return "# not passed on: it is no YAML, so what in it is secret cannot be told\n";
  YamlMasker(hidden).Mask(*parsed.root);
  return yaml::Emit(*parsed.root);
}

}  // namespace spacelet::bundle

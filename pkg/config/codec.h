// How one type of value is read from the document, printed again and described to an editor. A codec is a
// value; codecs of lists, maps and records are made of smaller ones, so that the document's grammar is stated
// once (document.cc).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/config/pattern.h"
#include "pkg/config/report.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {

// JSON values as trees: quoted scalars are strings, plain ones numbers and booleans.
yaml::Node JsonText(absl::string_view text);
yaml::Node JsonObject(std::vector<std::pair<std::string, yaml::Node>> members);
// A YAML value as a JSON one: what is no number and no boolean is a string.
yaml::Node AsJson(yaml::Node node);
// `node` without line breaks, or indented by two.
std::string ToJson(const yaml::Node& node, bool indented);

// The values of a document to print: a text that reads like ${host.name} and is none has to be escaped.
yaml::Node EscapedReferences(yaml::Node node);

// One row of the reference.
struct FieldInfo {
  std::string name, type, description;
  std::string fallback;  // the default, in words; empty: none
  std::string example;   // one line of YAML; empty: none
  bool required = false;
};

// A named group of fields: a definition of the schema, a table of the reference.
struct Definition {
  std::string name;
  std::vector<FieldInfo> fields;
  yaml::Node schema;
};
using Definitions = std::map<std::string, Definition>;

template <typename V>
struct Codec {
  std::string type;  // for people: "text", "list of ports"
  // The schema of a value. Adds the records that it refers to.
  std::function<yaml::Node(Definitions&)> schema;
  // Reads the value; reports what is wrong and returns false, and then leaves `out` in any valid state.
  std::function<bool(const Cursor& at, V& out)> decode;
  std::function<yaml::Node(const V&)> encode;
};

// Of a list. What compares its items with each other, here and after, may take the square of that.
inline constexpr size_t kMostItems = 1000;

// Whether there is a list that is not too long; says so otherwise.
bool ExpectSequence(const Cursor& at);
bool ExpectMap(const Cursor& at);

template <typename V>
Codec<std::vector<V>> ListOf(Codec<V> item, bool may_be_empty = true) {
  const auto one = std::make_shared<const Codec<V>>(std::move(item));
  Codec<std::vector<V>> list;
  list.type = absl::StrCat("list of ", one->type);
  list.schema = [one, may_be_empty](Definitions& definitions) {
    yaml::Node schema = JsonObject({{"type", JsonText("array")}, {"items", one->schema(definitions)}});
    if (!may_be_empty) schema.Add("minItems", yaml::Node::Plain("1"));
    schema.Add("maxItems", yaml::Node::Plain(absl::StrCat(kMostItems)));
    return schema;
  };
  list.decode = [one, may_be_empty](const Cursor& at, std::vector<V>& out) {
    if (!ExpectSequence(at)) return false;
    if (at.node.items.empty() && !may_be_empty) return at.Error("must not be empty"), false;
    bool good = true;
    for (size_t i = 0; i < at.node.items.size(); ++i)
      good = one->decode(at.Item(i, at.node.items[i]), out.emplace_back()) && good;
    return good;
  };
  list.encode = [one](const std::vector<V>& values) {
    yaml::Node node = yaml::Node::Sequence();
    for (const V& value : values) node.items.push_back(one->encode(value));
    return node;
  };
  return list;
}

// A map from free keys, which all match `key_pattern` (ECMA; empty: any text).
template <typename V>
Codec<std::map<std::string, V>> MapOf(Codec<V> value, const std::string& key_pattern = "",
                                      const std::string& key_expectation = "");

// Whether `key` matches; says so otherwise.
bool CheckKey(const Cursor& map, const yaml::Entry& entry, const Pattern& pattern,
              const std::string& expectation);

template <typename V>
Codec<std::map<std::string, V>> MapOf(Codec<V> value, const std::string& key_pattern,
                                      const std::string& key_expectation) {
  const auto one = std::make_shared<const Codec<V>>(std::move(value));
  Codec<std::map<std::string, V>> map;
  map.type = absl::StrCat("map to ", one->type);
  map.schema = [one, key_pattern](Definitions& definitions) {
    yaml::Node schema =
        JsonObject({{"type", JsonText("object")}, {"additionalProperties", one->schema(definitions)}});
    if (!key_pattern.empty()) schema.Add("propertyNames", JsonObject({{"pattern", JsonText(key_pattern)}}));
    return schema;
  };
  map.decode = [one, pattern = Pattern(key_pattern), key_expectation](const Cursor& at,
                                                                      std::map<std::string, V>& out) {
    if (!ExpectMap(at)) return false;
    bool good = true;
    for (const yaml::Entry& entry : at.node.entries) {
      good = CheckKey(at, entry, pattern, key_expectation) && good;
      good = one->decode(at.Field(entry), out[entry.key]) && good;
    }
    return good;
  };
  map.encode = [one](const std::map<std::string, V>& values) {
    yaml::Node node = yaml::Node::Map();
    for (const auto& [key, v] : values) node.Add(key, one->encode(v));
    return node;
  };
  return map;
}

}  // namespace spacelet::config

#include "pkg/config/codec.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pkg/base/text.h"
#include "pkg/config/notation.h"
#include "pkg/config/record.h"

namespace spacelet::config {
namespace {

constexpr size_t kLongestGuess = 64;  // a longer word is no typing mistake

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", std::string(1, c));
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

struct JsonWriter {
  bool indented;
  std::string out = {};

  void NewLine(size_t depth) {
    if (indented) absl::StrAppend(&out, "\n", std::string(2 * depth, ' '));
  }

  void Write(const yaml::Node& node, size_t depth) {
    if (node.is_null()) out += "null";
    if (node.is_scalar()) out += node.quoted ? JsonString(node.text) : node.text;
    if (node.is_sequence()) WriteList(node, depth);
    if (node.is_map()) WriteObject(node, depth);
  }

  void WriteList(const yaml::Node& node, size_t depth) {
    out += "[";
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) out += indented ? ", " : ",";
      Write(node.items[i], depth);
    }
    out += "]";
  }

  void WriteObject(const yaml::Node& node, size_t depth) {
    out += "{";
    for (size_t i = 0; i < node.entries.size(); ++i) {
      if (i > 0) out += ",";
      NewLine(depth + 1);
      absl::StrAppend(&out, JsonString(node.entries[i].key), indented ? ": " : ":");
      Write(node.entries[i].value, depth + 1);
    }
    if (!node.entries.empty()) NewLine(depth);
    out += "}";
  }
};

std::string Expected(absl::string_view what, const yaml::Node& found) {
  return absl::StrCat("expected ", what, ", found ", yaml::Describe(found));
}

// For an overlay that names another alternative than a file before it.
std::string HowToTakeOneAway(const Cursor& record, const std::vector<std::string>& alternatives) {
  const yaml::Entry *first = nullptr, *last = nullptr;
  for (const yaml::Entry& entry : record.node.entries) {
    if (std::find(alternatives.begin(), alternatives.end(), entry.key) == alternatives.end()) continue;
    if (first == nullptr || entry.file < first->file) first = &entry;
    if (last == nullptr || entry.file > last->file) last = &entry;
  }
  if (first == nullptr || first->file == last->file) return "";
  return absl::StrCat("an overlay is merged into what stands before it: beside ", last->key, " at ",
                      record.report.Shown(PlaceOfKey(*last)), " write ", first->key, ": null");
}

}  // namespace

yaml::Node JsonText(absl::string_view text) {
  yaml::Node node = yaml::Node::Plain(text);
  node.quoted = true;
  return node;
}

yaml::Node JsonObject(std::vector<std::pair<std::string, yaml::Node>> members) {
  yaml::Node object = yaml::Node::Map();
  for (std::pair<std::string, yaml::Node>& member : members)
    object.Add(member.first, std::move(member.second));
  return object;
}

yaml::Node AsJson(yaml::Node node) {
  static const RE2& literal = *new RE2("true|false|-?(0|[1-9][0-9]*)(\\.[0-9]+)?");
  if (node.is_scalar()) node.quoted = node.quoted || !RE2::FullMatch(node.text, literal);
  for (yaml::Node& item : node.items) item = AsJson(std::move(item));
  for (yaml::Entry& entry : node.entries) entry.value = AsJson(std::move(entry.value));
  return node;
}

yaml::Node EscapedReferences(yaml::Node node) {
  node.text = EscapeReferences(node.text);
  for (yaml::Node& item : node.items) item = EscapedReferences(std::move(item));
  for (yaml::Entry& entry : node.entries) entry.value = EscapedReferences(std::move(entry.value));
  return node;
}

std::string ToJson(const yaml::Node& node, bool indented) {
  JsonWriter writer{indented};
  writer.Write(node, 0);
  return writer.out;
}

bool ExpectSequence(const Cursor& at) {
  const size_t size = at.node.items.size();
  if (!at.node.is_sequence())
    at.Error(Expected("a list", at.node));
  else if (size > kMostItems)
    at.Error(absl::StrCat("has ", size, " items: at most ", kMostItems, " are read"));
  return at.node.is_sequence() && size <= kMostItems;
}

bool ExpectMap(const Cursor& at) {
  if (!at.node.is_map()) at.Error(Expected("a map", at.node));
  return at.node.is_map();
}

bool ExpectValue(const Cursor& at) {
  if (at.node.is_null()) at.Error("has no value", "give it one or remove the line");
  return !at.node.is_null();
}

bool CheckKey(const Cursor& map, const yaml::Entry& entry, const Pattern& pattern,
              const std::string& expectation) {
  constexpr size_t kLongestKey = 512;
  if (entry.key.size() <= kLongestKey && (pattern.expression().empty() || pattern.Matches(entry.key)))
    return true;
  map.report.Add(Severity::kError, PlaceOfKey(entry), Join(map.path, entry.key),
                 absl::StrCat("the key is not ", expectation.empty() ? "a short text" : expectation));
  return false;
}

void ReportUnknownKey(const Cursor& record, const yaml::Entry& entry, const std::vector<std::string>& known) {
  const auto nearest = entry.key.size() <= kLongestGuess ? base::Nearest(entry.key, known) : std::nullopt;
  record.report.Add(Severity::kError, PlaceOfKey(entry), Join(record.path, entry.key), "unknown field",
                    nearest ? absl::StrCat("did you mean ", *nearest, "?") : "");
}

void ReportMissing(const Cursor& record, const std::string& field) {
  record.report.Add(Severity::kError, PlaceOf(record.node), Join(record.path, field),
                    "is required and missing");
}

bool CheckExactlyOne(const Cursor& record, const std::vector<std::string>& alternatives) {
  std::vector<std::string> found;
  for (const std::string& name : alternatives)
    if (record.node.Find(name) != nullptr) found.push_back(name);
  if (found.size() == 1) return true;
  record.Error(absl::StrCat("needs exactly one of ", absl::StrJoin(alternatives, ", "), ", found ",
                            found.empty() ? "none" : absl::StrJoin(found, " and ")),
               HowToTakeOneAway(record, alternatives));
  return false;
}

yaml::Node FieldSchema(const FieldInfo& info, const std::string& schema_default, yaml::Node type_schema) {
  // Draft-07 ignores what stands beside a $ref.
  yaml::Node schema = type_schema.Find("$ref") == nullptr
                          ? std::move(type_schema)
                          : JsonObject({{"allOf", yaml::Node::Sequence({std::move(type_schema)})}});
  schema.Add("description", JsonText(info.description));
  const yaml::Node* type = schema.Find("type");
  const bool is_literal = type != nullptr && (type->text == "boolean" || type->text == "integer");
  if (!schema_default.empty())
    schema.Add("default", is_literal ? yaml::Node::Plain(schema_default) : JsonText(schema_default));
  if (const auto example = yaml::Parse(info.example); example.ok())
    schema.Add("examples", yaml::Node::Sequence({AsJson(*example.root)}));
  return schema;
}

yaml::Node RecordSchema(absl::string_view description,
                        const std::vector<std::pair<FieldInfo, yaml::Node>>& properties,
                        const std::vector<std::string>& exactly_one_of) {
  yaml::Node members = yaml::Node::Map(), required = yaml::Node::Sequence(), one_of = yaml::Node::Sequence();
  for (const auto& [info, schema] : properties) {
    members.Add(info.name, schema);
    if (info.required) required.items.push_back(JsonText(info.name));
  }
  for (const std::string& name : exactly_one_of)
    one_of.items.push_back(JsonObject({{"required", yaml::Node::Sequence({JsonText(name)})}}));
  yaml::Node schema = JsonObject({{"type", JsonText("object")},
                                  {"description", JsonText(description)},
                                  {"additionalProperties", yaml::Node::Plain("false")},
                                  {"properties", std::move(members)}});
  if (!required.items.empty()) schema.Add("required", std::move(required));
  if (!one_of.items.empty()) schema.Add("oneOf", std::move(one_of));
  return schema;
}

}  // namespace spacelet::config

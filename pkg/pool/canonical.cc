#include "pkg/pool/canonical.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "pkg/base/text.h"
#include "pkg/pool/scalar.h"

namespace spacelet::pool {
namespace {

// What a YAML reader would fold (U+0085, U+2028) or refuse is escaped.
std::string QuotedCharacter(absl::string_view text, const base::Utf8Char& c) {
  if (c.code_point == '"' || c.code_point == '\\') return absl::StrCat("\\", text.substr(0, 1));
  if (c.code_point == '\n') return "\\n";
  if (!c.valid || !base::IsDeceptive(c.code_point)) return std::string(text.substr(0, c.length));
  return absl::StrFormat("\\u%04x", static_cast<unsigned>(c.code_point));
}

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const base::Utf8Char c = base::DecodeUtf8(text);
    out += QuotedCharacter(text, c);
    text.remove_prefix(c.length);
  }
  return out + "\"";
}

std::string ScalarText(const yaml::Node& node) {
  switch (Resolve(node)) {
    case Scalar::kNull:
      return "null";
    case Scalar::kBool:
      return IsTrue(node) ? "true" : "false";
    case Scalar::kInt:
    case Scalar::kNumber:
      return absl::StrReplaceAll(node.text, {{"_", ""}, {"+", ""}});
    case Scalar::kText:
      break;
  }
  return Quoted(node.text);
}

using Members = std::map<std::string, const yaml::Node*>;

Members MembersOf(const yaml::Node& map) {
  Members out;
  for (const yaml::Entry& entry : map.entries) out.emplace(entry.key, &entry.value);
  return out;
}

void Write(const yaml::Node& node, size_t indent, std::string& out);

void WriteMap(const Members& members, size_t indent, std::string& out) {
  if (members.empty()) {
    out += "{}";
    return;
  }
  out += "{";
  absl::string_view separator = "\n";
  for (const auto& [key, value] : members) {
    absl::StrAppend(&out, separator, std::string(indent + 2, ' '), Quoted(key), ": ");
    Write(*value, indent + 2, out);
    separator = ",\n";
  }
  absl::StrAppend(&out, "\n", std::string(indent, ' '), "}");
}

void WriteList(const std::vector<yaml::Node>& items, size_t indent, std::string& out) {
  if (items.empty()) {
    out += "[]";
    return;
  }
  out += "[";
  absl::string_view separator = "\n";
  for (const yaml::Node& item : items) {
    absl::StrAppend(&out, separator, std::string(indent + 2, ' '));
    Write(item, indent + 2, out);
    separator = ",\n";
  }
  absl::StrAppend(&out, "\n", std::string(indent, ' '), "]");
}

void Write(const yaml::Node& node, size_t indent, std::string& out) {
  if (node.is_map()) return WriteMap(MembersOf(node), indent, out);
  if (node.is_sequence()) return WriteList(node.items, indent, out);
  out += ScalarText(node);
}

}  // namespace

std::string Canonical(const yaml::Node& root) {
  Members members = MembersOf(root);
  members.erase("timestamp");
  std::string out;
  WriteMap(members, 0, out);
  return out + "\n";
}

}  // namespace spacelet::pool

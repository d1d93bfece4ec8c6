#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/text.h"
#include "pkg/yaml/tree.h"

namespace spacelet::yaml {
namespace {

// One character of a double-quoted scalar; what Parse refuses literally is escaped.
std::string QuotedCharacter(absl::string_view text, const base::Utf8Char& c) {
  if (c.code_point == '"' || c.code_point == '\\') return absl::StrCat("\\", text.substr(0, 1));
  if (c.code_point == '\n') return "\\n";
  if (c.code_point == '\t') return "\\t";
  if (!c.valid || !base::IsDeceptive(c.code_point)) return std::string(text.substr(0, c.length));
  const auto value = static_cast<unsigned>(c.code_point);
  return value < 0x100 ? absl::StrFormat("\\x%02x", value) : absl::StrFormat("\\u%04x", value);
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

std::string Scalar(absl::string_view text, bool quoted) {
  const bool needs_quotes = quoted || text.empty() || text.find('\n') != absl::string_view::npos;
  return needs_quotes ? Quoted(text) : std::string(text);
}

std::string Key(absl::string_view key) { return Scalar(key, Node::Text(key).quoted); }

void EmitBlock(const Node& node, size_t indent, std::string& out);

// What follows "key:" or "-": on the same line when it is one word, below it otherwise.
void EmitValue(const Node& node, size_t indent, std::string& out) {
  if (node.is_scalar()) {
    absl::StrAppend(&out, " ", Scalar(node.text, node.quoted), "\n");
  } else if (node.is_null()) {
    out += " null\n";
  } else if (node.is_map() && node.entries.empty()) {
    out += " {}\n";
  } else if (node.is_sequence() && node.items.empty()) {
    out += " []\n";
  } else {
    out += "\n";
    EmitBlock(node, indent, out);
  }
}

void EmitBlock(const Node& node, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  for (const Entry& entry : node.entries) {
    absl::StrAppend(&out, margin, Key(entry.key), ":");
    EmitValue(entry.value, indent + 2, out);
  }
  for (const Node& item : node.items) {
    absl::StrAppend(&out, margin, "-");
    if (item.is_map() && !item.entries.empty()) {
      // "- a: 1" and the following entries below its first one.
      std::string block;
      EmitBlock(item, indent + 2, block);
      absl::StrAppend(&out, " ", absl::string_view(block).substr(indent + 2));
    } else {
      EmitValue(item, indent + 2, out);
    }
  }
}

}  // namespace

std::string Emit(const Node& node) {
  std::string out;
  const bool is_block = !node.entries.empty() || !node.items.empty();
  if (is_block) {
    EmitBlock(node, 0, out);
  } else {
    EmitValue(node, 0, out);
    out.erase(0, 1);
  }
  return out;
}

}  // namespace spacelet::yaml

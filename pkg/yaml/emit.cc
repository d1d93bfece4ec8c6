#include <utility>

#include "absl/strings/match.h"
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

// What YAML takes for its own at the beginning of a line.
bool IsMark(absl::string_view line) {
  return absl::StartsWith(line, "---") || absl::StartsWith(line, "...") || absl::StartsWith(line, "%");
}

std::string Key(absl::string_view key) { return Scalar(key, Node::Text(key).quoted); }

class Emitter {
 public:
  explicit Emitter(const std::function<std::string(const Node& value)>& comment) : comment_(comment) {}

  void EmitBlock(const Node& node, size_t indent) {
    const std::string margin(indent, ' ');
    for (const Entry& entry : node.entries) {
      EmitKey(Key(entry.key), margin);
      EmitValue(entry.value, indent + 2);
    }
    for (const Node& item : node.items) {
      absl::StrAppend(&out_, margin, "-");
      if (item.is_map() && !item.entries.empty()) {
        // "- a: 1" and the following entries below its first one.
        const size_t begin = out_.size();
        EmitBlock(item, indent + 2);
        out_.replace(begin, indent + 2, " ");
      } else {
        EmitValue(item, indent + 2);
      }
    }
  }

  // What follows "key:" or "-": on the same line when it is one word, below it otherwise.
  void EmitValue(const Node& node, size_t indent) {
    if (!node.entries.empty() || !node.items.empty()) {
      out_ += "\n";
      return EmitBlock(node, indent);
    }
    const std::string comment = comment_ ? comment_(node) : "";
    absl::StrAppend(&out_, " ", Word(node), comment.empty() ? "" : "  # ", comment, "\n");
  }

  std::string Take() { return std::move(out_); }

 private:
  void EmitKey(const std::string& key, const std::string& margin) {
    constexpr size_t kLongestImplicit = 1024;  // YAML 1.2, 7.4.2
    if (key.size() <= kLongestImplicit)
      absl::StrAppend(&out_, margin, key, ":");
    else
      absl::StrAppend(&out_, margin, "? ", key, "\n", margin, ":");
  }

  static std::string Word(const Node& node) {
    if (node.is_scalar()) return Scalar(node.text, node.quoted);
    return node.is_null() ? "null" : node.is_map() ? "{}" : "[]";
  }

  const std::function<std::string(const Node& value)>& comment_;
  std::string out_;
};

}  // namespace

std::string Emit(const Node& node, const std::function<std::string(const Node& value)>& comment) {
  Emitter emitter(comment);
  const bool is_block = !node.entries.empty() || !node.items.empty();
  if (is_block)
    emitter.EmitBlock(node, 0);
  else
    emitter.EmitValue(node, 0);
  const std::string text = emitter.Take();
  return is_block || IsMark(absl::string_view(text).substr(1)) ? text : text.substr(1);
}

std::string Emit(const Node& node) { return Emit(node, nullptr); }

}  // namespace spacelet::yaml

// A strict YAML tree with positions, for documents that people and machines write by hand. It is stricter
// than YAML: one document; no anchors, aliases, tags or duplicate keys; keys are text; scalars stay text and
// the reader decides what they mean (so `no`, `010` and `1e3` surprise nobody); `<<` is a key like any other.
// The only package that knows yaml-cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::yaml {

inline constexpr size_t kMaxBytes = 1 << 20;
inline constexpr int kMaxDepth = 32;

struct Entry;

// A plain value. `line` and `column` are 1-based and point at the first character (columns count bytes); 0 in
// a tree that was built by hand. `file` is the number that Parse was given: of a tree that is made of several
// texts, each node knows its own.
struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;     // kNull: nothing, `~` or a plain `null`
  std::string text;            // kScalar, escapes resolved
  bool quoted = false;         // kScalar: 'x', "x" or a block scalar; false: plain
  std::vector<Node> items;     // kSequence
  std::vector<Entry> entries;  // kMap, in the document's order; keys are unique
  int line = 0, column = 0;
  int file = 0;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_map() const { return kind == Kind::kMap; }

  const Node* Find(absl::string_view key) const;  // null when absent or not a map

  // For building a tree. A text is plain where YAML reads it as the same string, else quoted; Plain is never
  // quoted (numbers, booleans).
  static Node Text(absl::string_view text);
  static Node Plain(absl::string_view text);
  static Node Sequence();  // no default argument: Entry is not complete here
  static Node Sequence(std::vector<Node> items);
  static Node Map();
  void Add(absl::string_view key, Node value);  // Requires: is_map(), key not there
};

struct Entry {
  std::string key;
  Node value;
  int line = 0, column = 0;  // of the key
  int file = 0;
};

// "a map", "a list", "a text" or "nothing": what stands there, for messages.
absl::string_view Describe(const Node& node);

struct Error {
  int line = 0, column = 0;  // 1-based; 0: the whole text
  std::string message;       // one line, safe for a terminal
  bool operator==(const Error&) const = default;
};

struct Parsed {
  // There as long as the syntax is whole, even beside errors (a duplicate key keeps its first value), so that
  // a reader can report its own errors as well. Absent when there is nothing to read. Nobody may act on it
  // unless ok().
  std::optional<Node> root;
  std::vector<Error> errors;  // in file order
  bool ok() const { return root.has_value() && errors.empty(); }
};

// Rejects what the first paragraph says, and: more than kMaxBytes, an empty text or one of only comments,
// invalid UTF-8, UTF-16, a byte order mark, control and bidirectional characters, a carriage return without a
// line feed, nesting over kMaxDepth.
// Total: never throws, never hangs, linear in the size of the text. Every node gets the number `file`.
Parsed Parse(absl::string_view text, int file = 0);

// The tree as YAML text in block style, which Parse reads as the same tree. Plain scalars of one line stay
// plain, quoted ones quoted.
std::string Emit(const Node& node);

// The same with a comment behind each scalar, each null and each empty collection for which `comment` has one
// line of text.
std::string Emit(const Node& node, const std::function<std::string(const Node& value)>& comment);

}  // namespace spacelet::yaml

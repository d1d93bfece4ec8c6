#include <cstdint>
#include <exception>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/text.h"
#include "pkg/yaml/tree.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace spacelet::yaml {
namespace {

// Thrown through yaml-cpp to end a parse that need not go on.
struct Stop {};

// Where a byte stands: 1-based line and column.
Error ErrorAt(absl::string_view text, size_t offset, std::string message) {
  Error error{1, 1, std::move(message)};
  for (char c : text.substr(0, offset)) {
    error.column = c == '\n' ? 1 : error.column + 1;
    if (c == '\n') ++error.line;
  }
  return error;
}

bool IsAllowed(const base::Utf8Char& c) {
  const bool is_layout = c.code_point == '\t' || c.code_point == '\n' || c.code_point == '\r';
  return c.valid && (is_layout || !base::IsDeceptive(c.code_point));
}

std::optional<Error> FindBadCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const base::Utf8Char c = base::DecodeUtf8(text.substr(i));
    if (!c.valid) return ErrorAt(text, i, "invalid UTF-8");
    // Other readers take it for the end of a line, yaml-cpp for a character.
    if (c.code_point == '\r' && text.substr(i + 1, 1) != "\n")
      return ErrorAt(text, i, "a carriage return that ends no line");
    if (!IsAllowed(c)) {
      return ErrorAt(text, i,
                     absl::StrFormat("control or bidirectional character U+%04X: write it as an escape in a "
                                     "double-quoted text",
                                     static_cast<unsigned>(c.code_point)));
    }
    i += c.length;
  }
  return std::nullopt;
}

// yaml-cpp scans a whole run of `[` or `{` before it reports the first one: 1 MiB of them costs hundreds of
// megabytes.
std::optional<Error> FindBracketRun(absl::string_view text) {
  constexpr int kMostOpen = 1024;
  int open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '{') ++open;
    if (text[i] == ']' || text[i] == '}' || text[i] == '\n') open = 0;
    if (open > kMostOpen) return ErrorAt(text, i, absl::StrCat("more than ", kMostOpen, " open brackets"));
  }
  return std::nullopt;
}

std::optional<Error> CheckBytes(absl::string_view text) {
  if (text.size() > kMaxBytes) return Error{0, 0, "larger than 1 MiB"};
  if (absl::StartsWith(text, "\xEF\xBB\xBF"))
    return Error{1, 1, "begins with a byte order mark; save it as plain UTF-8"};
  if (absl::StartsWith(text, "\xFE\xFF") || absl::StartsWith(text, "\xFF\xFE"))
    return Error{1, 1, "is UTF-16; save it as UTF-8"};
  if (auto error = FindBadCharacter(text)) return error;
  return FindBracketRun(text);
}

// Builds the tree bottom-up from yaml-cpp's events, of which it keeps the unfinished collections.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(int file = 0) : file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Take(At(mark)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Report(mark, "aliases are not allowed: write the value out");
    Take(At(mark));
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    Report(mark, "anchors are not allowed: write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    CheckTag(mark, tag);
    Node node = At(mark);
    node.kind = Node::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    if (absl::StrContains(value, '\0')) Report(mark, "a text with a NUL character");
    // In brackets yaml-cpp takes it for a text; elsewhere it begins a list, a key or a value.
    if (!node.quoted && (value == "-" || value == "?" || value == ":"))
      Report(mark, absl::StrCat("write \"", value, "\" in quotes"));
    // yaml-cpp makes a byte of these two escapes, where a character is meant.
    if (!base::IsValidUtf8(value))
      Report(mark, "an escape that is not understood: write \\u0085 for \\N and \\u00a0 for \\_");
    Take(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, Node::Kind::kSequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, Node::Kind::kMap);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

  std::optional<Node> root;
  std::vector<Error> errors;

 private:
  struct Frame {
    Node node;
    std::optional<Entry> entry;  // of a map: its key has come, its value not yet
    bool dropped = false;        // of the entry: a duplicate, or a key that is no text
    std::map<std::string, int> key_lines;
  };

  Node At(const YAML::Mark& mark) const {
    Node node;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    node.file = file_;
    return node;
  }

  void Report(const YAML::Mark& mark, std::string message) {
    errors.push_back({mark.line + 1, mark.column + 1, std::move(message)});
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    // It is not repeated: a secret that begins with ! and has no quotes is one, too.
    if (!tag.empty() && tag != "?" && tag != "!")
      Report(mark, "tags are not allowed: write a text that begins with ! in quotes");
  }

  void Open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    CheckTag(mark, tag);
    if (stack_.size() >= kMaxDepth) {
      Report(mark, absl::StrCat("nested more than ", kMaxDepth, " levels deep"));
      throw Stop();
    }
    stack_.push_back({At(mark), std::nullopt, false, {}});
    stack_.back().node.kind = kind;
  }

  void Close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    Take(std::move(node));
  }

  // A finished node goes where it belongs: the root, a list, or a map as key or as value.
  void Take(Node node) {
    if (stack_.empty()) {
      root = std::move(node);
    } else if (Frame& frame = stack_.back(); frame.node.is_sequence()) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.entry) {
      TakeKey(frame, std::move(node));
    } else {
      frame.entry->value = std::move(node);
      if (!frame.dropped) frame.node.entries.push_back(*std::move(frame.entry));
      frame.entry.reset();
    }
  }

  void TakeKey(Frame& frame, Node key) {
    frame.dropped = true;
    if (!key.is_scalar()) {
      errors.push_back({key.line, key.column, absl::StrCat("a key must be a text, not ", Describe(key))});
    } else if (auto [first, is_new] = frame.key_lines.emplace(key.text, key.line); !is_new) {
      errors.push_back(
          {key.line, key.column,
           absl::StrCat("duplicate key ", base::OneLine(key.text, 80), ", first on line ", first->second)});
    } else {
      frame.dropped = false;
    }
    frame.entry = Entry{std::move(key.text), Node(), key.line, key.column, file_};
  }

  const int file_;
  std::vector<Frame> stack_;
};

// Stops at the first sign of another document.
class NothingMore : public TreeBuilder {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    errors.push_back({mark.line + 1, mark.column + 1, "a second document: only one is allowed"});
    throw Stop();
  }
};

// yaml-cpp closes a quoted text that is still open where the text ends with a line break. A comment after the
// last line break becomes part of such a quoted text, which is then open at an end that yaml-cpp does not
// forgive.
std::string WithoutFinalLineBreak(absl::string_view text) {
  if (absl::EndsWith(text, "\n")) return absl::StrCat(text, "#");
  const bool ends_blank =
      absl::EndsWith(text, " ") || absl::EndsWith(text, "\t") || absl::EndsWith(text, "\r");
  return ends_blank ? absl::StrCat(text, "\n#") : std::string(text);
}

// YAML::LoadAll loops for ever on some texts; two single steps cannot.
void ParseInto(absl::string_view text, int file, Parsed& parsed) {
  std::istringstream stream(WithoutFinalLineBreak(text));
  YAML::Parser parser(stream);
  TreeBuilder first(file);
  NothingMore second;
  const auto keep = [&] {
    parsed.root = std::move(first.root);
    parsed.errors = std::move(first.errors);
    parsed.errors.insert(parsed.errors.end(), second.errors.begin(), second.errors.end());
  };
  try {
    if (parser.HandleNextDocument(first)) parser.HandleNextDocument(second);
  } catch (const Stop&) {
  } catch (const YAML::Exception& e) {
    first.errors.push_back(
        {e.mark.line + 1, e.mark.column + 1, absl::StrCat("not valid YAML: ", base::OneLine(e.msg, 200))});
    first.root.reset();
  }
  keep();
}

}  // namespace

Parsed Parse(absl::string_view text, int file) {
  Parsed parsed;
  if (auto error = CheckBytes(text)) {
    parsed.errors.push_back(*std::move(error));
    return parsed;
  }
  try {
    ParseInto(text, file, parsed);
  } catch (const std::exception& e) {
    parsed.errors.push_back({0, 0, absl::StrCat("cannot be parsed: ", base::OneLine(e.what(), 200))});
  }
  if (parsed.errors.empty() && (!parsed.root || parsed.root->is_null()))
    parsed.errors.push_back({0, 0, "nothing is in it"});
  return parsed;
}

}  // namespace spacelet::yaml

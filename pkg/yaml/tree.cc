#include "pkg/yaml/tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace spacelet::yaml {
namespace {

bool IsPlainCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_./:@%+-", c);
}

// Words that some YAML reader takes for something else than a text.
bool IsReservedWord(absl::string_view text) {
  for (absl::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
    if (absl::EqualsIgnoreCase(text, word)) return true;
  return false;
}

bool ReadsAsTheSameText(absl::string_view text) {
  if (text.empty() || IsReservedWord(text) || text.back() == ':') return false;
  const bool starts_well =
      absl::ascii_isalpha(static_cast<unsigned char>(text.front())) || text.front() == '/';
  return starts_well && std::all_of(text.begin(), text.end(), IsPlainCharacter);
}

}  // namespace

const Node* Node::Find(absl::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Node Node::Plain(absl::string_view text) {
  Node node;
  node.kind = Kind::kScalar;
  node.text = std::string(text);
  return node;
}

Node Node::Text(absl::string_view text) {
  Node node = Plain(text);
  node.quoted = !ReadsAsTheSameText(text);
  return node;
}

Node Node::Sequence() { return Sequence(std::vector<Node>()); }

Node Node::Sequence(std::vector<Node> items) {
  Node node;
  node.kind = Kind::kSequence;
  node.items = std::move(items);
  return node;
}

Node Node::Map() {
  Node node;
  node.kind = Kind::kMap;
  return node;
}

void Node::Add(absl::string_view key, Node value) { entries.push_back({std::string(key), std::move(value)}); }

absl::string_view Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a text";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

}  // namespace spacelet::yaml

// The strict YAML tree: whatever is taken is printed so that it reads as the same tree.
#include <algorithm>

#include "absl/strings/match.h"
#include "pkg/yaml/tree.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

bool IsSame(const yaml::Node& a, const yaml::Node& b) {
  const auto same_entry = [](const yaml::Entry& x, const yaml::Entry& y) {
    return x.key == y.key && IsSame(x.value, y.value);
  };
  const bool is_a_line = !a.text.empty() && a.text.find('\n') == std::string::npos;  // else printed in quotes
  return a.kind == b.kind && a.text == b.text && (a.quoted == b.quoted || !is_a_line) &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), IsSame) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(), same_entry);
}

int Depth(const yaml::Node& node) {
  int below = 0;
  for (const yaml::Node& item : node.items) below = std::max(below, Depth(item));
  for (const yaml::Entry& entry : node.entries) below = std::max(below, Depth(entry.value));
  return below + (node.is_sequence() || node.is_map() ? 1 : 0);
}

void RequirePlace(absl::string_view text, const yaml::Error& error) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  Require(error.line >= 0 && error.line <= lines + 1, "an error lies in the text", error.message);
  Require((error.line == 0) == (error.column == 0), "a place is whole", error.message);
  RequireOneLine(error.message);
}

}  // namespace

void Check(absl::string_view input) {
  const yaml::Parsed parsed = yaml::Parse(input);
  for (const yaml::Error& error : parsed.errors) RequirePlace(input, error);
  Require(parsed.ok() || !parsed.errors.empty(), "a text that is refused is told why");
  if (!parsed.ok()) return;
  Require(Depth(*parsed.root) <= yaml::kMaxDepth, "nesting is bounded");
  const std::string printed = yaml::Emit(*parsed.root);
  const yaml::Parsed again = yaml::Parse(printed);
  // Lines that Parse takes can be folded into one that has more brackets than it takes.
  if (!again.errors.empty() && absl::StrContains(again.errors[0].message, "open brackets")) return;
  if (!again.ok()) Fail("what is printed can be read", printed);
  Require(IsSame(*parsed.root, *again.root), "what is printed reads as the same", printed);
}

}  // namespace spacelet::fuzz

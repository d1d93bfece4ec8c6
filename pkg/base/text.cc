#include "pkg/base/text.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace spacelet::base {
namespace {

// Insertions, deletions, replacements and swaps of neighbours, each counted once (optimal string alignment).
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// The shape of a UTF-8 sequence by its first byte; length 0: no such first byte.
struct Utf8Shape {
  size_t length;
  unsigned char payload_mask;
  char32_t smallest;  // a smaller code point is an overlong form
};

Utf8Shape ShapeOf(unsigned char first) {
  if (first < 0x80) return {1, 0x7f, 0};
  if ((first & 0xe0) == 0xc0) return {2, 0x1f, 0x80};
  if ((first & 0xf0) == 0xe0) return {3, 0x0f, 0x800};
  if ((first & 0xf8) == 0xf0) return {4, 0x07, 0x10000};
  return {0, 0, 0};
}

std::string Escaped(const Utf8Char& c) {
  if (!c.valid || c.code_point < 0x80) return absl::StrFormat("\\x%02x", static_cast<unsigned>(c.code_point));
  return absl::StrFormat("\\u{%04X}", static_cast<unsigned>(c.code_point));
}

}  // namespace

std::optional<std::string> Nearest(absl::string_view word, const std::vector<std::string>& candidates) {
  const std::string lower_word = absl::AsciiStrToLower(word);
  const std::string* best = nullptr;
  size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const size_t allowed = std::max<size_t>(1, std::max(word.size(), candidate.size()) / 3);
    const size_t distance = EditDistance(lower_word, absl::AsciiStrToLower(candidate));
    if (distance > allowed || (best != nullptr && distance >= best_distance)) continue;
    best = &candidate;
    best_distance = distance;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

Utf8Char DecodeUtf8(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const Utf8Char invalid = {byte(0), 1, false};
  const Utf8Shape shape = ShapeOf(byte(0));
  if (shape.length == 0 || shape.length > text.size()) return invalid;
  char32_t code_point = byte(0) & shape.payload_mask;
  for (size_t i = 1; i < shape.length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    code_point = (code_point << 6) | (byte(i) & 0x3f);
  }
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < shape.smallest || surrogate || code_point > 0x10ffff) return invalid;
  return {code_point, shape.length, true};
}

bool IsDeceptive(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const bool bidirectional = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                             (c >= 0x2066 && c <= 0x2069);
  const bool separator = c == 0x2028 || c == 0x2029 || c == 0xfeff;
  return control || bidirectional || separator;
}

std::string OneLine(absl::string_view text, size_t max_bytes) {
  std::string line;
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    const bool plain = c.valid && !IsDeceptive(c.code_point);
    const std::string piece = plain ? std::string(text.substr(0, c.length)) : Escaped(c);
    if (line.size() + piece.size() > max_bytes) return absl::StrCat(line, "…");
    line += piece;
    text.remove_prefix(c.length);
  }
  return line;
}

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (!c.valid) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

}  // namespace spacelet::base

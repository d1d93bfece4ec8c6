// Small text functions that several packages need.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::base {

// The candidate nearest to `word` by edit distance (case-insensitive), when near enough to be a typing
// mistake (distance at most a third of the longer word, at least 1). For "did you mean …?".
std::optional<std::string> Nearest(absl::string_view word, const std::vector<std::string>& candidates);

// Makes hostile text safe for one line of a terminal or log: control, ANSI and bidirectional characters and
// invalid UTF-8 become \xNN or \u{NNNN}; at most `max_bytes` (then "…").
std::string OneLine(absl::string_view text, size_t max_bytes = 1024);

bool IsValidUtf8(absl::string_view text);

// One character of a UTF-8 text.
struct Utf8Char {
  char32_t code_point = 0;  // when !valid: the byte
  size_t length = 1;        // bytes; 1 when !valid
  bool valid = false;       // no overlong form, no surrogate, at most U+10FFFF
};
// The first character of `text`. Requires: text is not empty.
Utf8Char DecodeUtf8(absl::string_view text);

// Whether a character could deceive the reader of a line: control (C0, C1, DEL), bidirectional, line and
// paragraph separators, byte order mark.
bool IsDeceptive(char32_t code_point);

}  // namespace spacelet::base

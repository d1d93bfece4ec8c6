#include "pkg/pool/scalar.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace spacelet::pool {
namespace {

bool OneOf(absl::string_view text, std::initializer_list<absl::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsTrueWord(absl::string_view text) {
  return OneOf(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"});
}

bool IsFalseWord(absl::string_view text) {
  return OneOf(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"});
}

size_t Digits(absl::string_view& text) {
  size_t n = 0;
  while (n < text.size() &&
         (absl::ascii_isdigit(static_cast<unsigned char>(text[n])) || (n > 0 && text[n] == '_')))
    ++n;
  text.remove_prefix(n);
  return n;
}

void Sign(absl::string_view& text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
}

// The digits after 0x, 0o or 0b; empty: it is no such number.
absl::string_view DigitsOfBase(absl::string_view prefix) {
  if (prefix == "0x" || prefix == "0X") return "0123456789abcdefABCDEF";
  return prefix == "0o" ? "01234567" : prefix == "0b" ? "01" : "";
}

bool IsHexOrBinary(absl::string_view text) {
  const absl::string_view digits = DigitsOfBase(text.substr(0, 2));
  const absl::string_view number = text.substr(std::min<size_t>(2, text.size()));
  const auto is_digit = [digits](char c) { return absl::StrContains(digits, c); };
  return std::any_of(number.begin(), number.end(), is_digit) &&
         std::all_of(number.begin(), number.end(), [&](char c) { return c == '_' || is_digit(c); });
}

Scalar ResolveNumber(absl::string_view text) {
  if (OneOf(text, {".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN"})) return Scalar::kNumber;
  Sign(text);
  if (IsHexOrBinary(text)) return Scalar::kInt;
  size_t digits = Digits(text);
  if (text.empty()) return digits > 0 ? Scalar::kInt : Scalar::kText;
  if (text[0] == '.') {
    text.remove_prefix(1);
    digits += Digits(text);
  }
  if (digits == 0) return Scalar::kText;
  if (text.empty()) return Scalar::kNumber;
  if (text[0] != 'e' && text[0] != 'E') return Scalar::kText;
  text.remove_prefix(1);
  Sign(text);
  return Digits(text) > 0 && text.empty() ? Scalar::kNumber : Scalar::kText;
}

}  // namespace

Scalar Resolve(const yaml::Node& node) {
  if (node.is_null()) return Scalar::kNull;
  if (node.quoted) return Scalar::kText;
  if (OneOf(node.text, {"", "~", "null", "Null", "NULL"})) return Scalar::kNull;
  if (IsTrueWord(node.text) || IsFalseWord(node.text)) return Scalar::kBool;
  return ResolveNumber(node.text);
}

bool IsTrue(const yaml::Node& node) { return IsTrueWord(node.text); }

}  // namespace spacelet::pool

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

bool IsHexOrBinary(absl::string_view text) {
  if (text.size() < 3 || text[0] != '0' || !OneOf(text.substr(1, 1), {"x", "X", "b", "o"})) return false;
  text.remove_prefix(2);
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == '_'; });
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

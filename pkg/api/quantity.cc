#include "pkg/api/quantity.h"

#include <optional>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace spacelet::api {
namespace {

constexpr char kBytesHelp[] = "is not a size: write 512m, 2g, 2Gi or a number of bytes";
constexpr char kCpusHelp[] = "is not a number of CPUs: write 1, 0.5 or 1500m";
constexpr char kDurationHelp[] = "is not a duration: write 300s, 5m or 1h30m";

// Takes the digits at the front of `text`. Nothing when there are none, or a zero before others.
std::optional<absl::string_view> TakeNumber(absl::string_view& text) {
  size_t n = 0;
  while (n < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[n]))) ++n;
  if (n == 0 || (n > 1 && text[0] == '0')) return std::nullopt;
  const absl::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

// A decimal number in units of 1e-9.
struct Decimal {
  absl::int128 nano = 0;
};

constexpr int kMaxDigits = 18;  // times 1e9 still far below 2^127

std::optional<Decimal> TakeDecimal(absl::string_view& text, size_t max_decimals) {
  const auto whole = TakeNumber(text);
  uint64_t value = 0;
  if (!whole || whole->size() > kMaxDigits || !absl::SimpleAtoi(*whole, &value)) return std::nullopt;
  absl::int128 nano = absl::int128(value) * 1'000'000'000;
  if (!absl::ConsumePrefix(&text, ".")) return Decimal{nano};
  int64_t unit = 100'000'000;
  size_t decimals = 0;
  for (; decimals < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[decimals]));
       ++decimals) {
    if (decimals == max_decimals) return std::nullopt;
    nano += absl::int128(text[decimals] - '0') * unit;
    unit /= 10;
  }
  text.remove_prefix(decimals);
  return decimals == 0 ? std::nullopt : std::optional(Decimal{nano});
}

struct Unit {
  absl::string_view name;
  int64_t factor;
};
constexpr int64_t kKi = 1024;
constexpr Unit kByteUnits[] = {{"", 1},
                               {"b", 1},
                               {"k", kKi},
                               {"Ki", kKi},
                               {"m", kKi* kKi},
                               {"Mi", kKi* kKi},
                               {"g", kKi* kKi* kKi},
                               {"Gi", kKi* kKi* kKi},
                               {"t", kKi* kKi* kKi* kKi},
                               {"Ti", kKi* kKi* kKi* kKi}};
constexpr Unit kTimeUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

const Unit* FindByteUnit(absl::string_view name) {
  for (const Unit& unit : kByteUnits)
    if (unit.name == name) return &unit;
  return nullptr;
}

bool IsAmbiguous(absl::string_view unit) { return unit == "K" || unit == "M" || unit == "G" || unit == "T"; }

}  // namespace

absl::StatusOr<int64_t> ParseBytes(absl::string_view text) {
  absl::string_view rest = text;
  const auto number = TakeDecimal(rest, 6);
  if (number && IsAmbiguous(rest)) {
    const std::string lower = absl::AsciiStrToLower(rest);
    return absl::InvalidArgumentError(absl::StrCat("is ambiguous: write ", text.substr(0, text.size() - 1),
                                                   lower, " or ", text, "i (1024 each)"));
  }
  const Unit* unit = FindByteUnit(rest);
  if (!number || unit == nullptr) return absl::InvalidArgumentError(kBytesHelp);
  const absl::int128 nano_bytes = number->nano * unit->factor;
  if (nano_bytes % 1'000'000'000 != 0) return absl::InvalidArgumentError("is not a whole number of bytes");
  const absl::int128 bytes = nano_bytes / 1'000'000'000;
  if (bytes > absl::int128(INT64_MAX)) return absl::OutOfRangeError("is larger than any machine");
  return static_cast<int64_t>(bytes);
}

std::string PrintBytes(int64_t bytes) {
  for (const char* unit : {"t", "g", "m", "k"}) {
    const int64_t factor = FindByteUnit(unit)->factor;
    if (bytes != 0 && bytes % factor == 0) return absl::StrCat(bytes / factor, unit);
  }
  return absl::StrCat(bytes);
}

absl::StatusOr<int64_t> ParseCpus(absl::string_view text) {
  absl::string_view rest = text;
  const auto number = TakeDecimal(rest, 9);
  const bool is_milli = rest == "m" && !absl::StrContains(text, '.');
  if (!number || (!rest.empty() && !is_milli)) return absl::InvalidArgumentError(kCpusHelp);
  const absl::int128 nano = is_milli ? number->nano / 1000 : number->nano;
  if (nano > absl::int128(INT64_MAX)) return absl::OutOfRangeError("is more than any machine has");
  return static_cast<int64_t>(nano);
}

std::string PrintCpus(int64_t nano_cpus) {
  const int64_t whole = nano_cpus / 1'000'000'000, fraction = nano_cpus % 1'000'000'000;
  if (fraction == 0) return absl::StrCat(whole);
  std::string out = absl::StrFormat("%d.%09d", whole, fraction);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  constexpr int64_t kMostMilliseconds = int64_t{10} * 366 * 24 * 3'600'000;
  absl::string_view rest = text;
  absl::int128 total = 0;
  for (const Unit& unit : kTimeUnits) {
    absl::string_view attempt = rest;
    const auto number = TakeNumber(attempt);
    const bool is_minutes_of_ms = unit.name == "m" && absl::StartsWith(attempt, "ms");
    if (!number || is_minutes_of_ms || !absl::ConsumePrefix(&attempt, unit.name)) continue;
    uint64_t value = 0;
    if (number->size() > kMaxDigits || !absl::SimpleAtoi(*number, &value))
      return absl::OutOfRangeError("is longer than ten years");
    total += absl::int128(value) * unit.factor;
    rest = attempt;
  }
  if (!rest.empty() || text.empty()) return absl::InvalidArgumentError(kDurationHelp);
  if (total > kMostMilliseconds) return absl::OutOfRangeError("is longer than ten years");
  return absl::Milliseconds(static_cast<int64_t>(total));
}

std::string PrintDuration(absl::Duration duration) {
  int64_t left = absl::ToInt64Milliseconds(duration);
  std::string out;
  for (const Unit& unit : kTimeUnits) {
    if (left / unit.factor != 0) absl::StrAppend(&out, left / unit.factor, unit.name);
    left %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace spacelet::api

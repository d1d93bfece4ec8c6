#include "pkg/report/delegate_support.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"

namespace spacelet::report {
namespace {

constexpr int kSupportedMonths = 6;

bool TwoDigits(absl::string_view text, int* number) {
  return text.size() == 2 && text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, number);
}

// What follows the last colon behind the last slash: a registry's port is no tag.
absl::string_view Tag(absl::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const absl::string_view name = slash == absl::string_view::npos ? image : image.substr(slash + 1);
  const size_t colon = name.find(':');
  return colon == absl::string_view::npos ? absl::string_view() : name.substr(colon + 1);
}

}  // namespace

std::optional<absl::Time> DelegateReleaseMonth(absl::string_view image) {
  const std::vector<absl::string_view> parts = absl::StrSplit(Tag(image), '.');
  int year = 0, month = 0;
  if (parts.size() < 3 || !TwoDigits(parts[0], &year) || !TwoDigits(parts[1], &month)) return std::nullopt;
  if (month < 1 || month > 12) return std::nullopt;
  return absl::FromCivil(absl::CivilMonth(2000 + year, month), absl::UTCTimeZone());
}

absl::Time DelegateEndOfSupport(absl::Time release_month) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  return absl::FromCivil(absl::ToCivilMonth(release_month, utc) + kSupportedMonths, utc);
}

}  // namespace spacelet::report

#include "pkg/probe/drain.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace spacelet::probe {
namespace {

// Cuts off "{name="value",…}"; values may hold any character, a quote and a backslash behind a backslash.
// False: it does not end.
bool ConsumeLabels(absl::string_view& line) {
  bool quoted = false;
  for (size_t i = 1; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && line[i] == '}') {
      line.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// What follows the metric's name and labels, when the line is a sample of it.
std::optional<absl::string_view> ValueOf(absl::string_view line, absl::string_view metric) {
  line = absl::StripAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, metric) || line.empty()) return std::nullopt;
  if (line.front() != '{' && line.front() != ' ' && line.front() != '\t') return std::nullopt;
  line = absl::StripLeadingAsciiWhitespace(line);
  if (line.front() == '{' && !ConsumeLabels(line)) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  return line.substr(0, line.find_first_of(" \t"));  // a time stamp may follow
}

}  // namespace

absl::StatusOr<double> SumOfSamples(absl::string_view exposition, absl::string_view metric) {
  double sum = 0;
  bool found = false;
  for (const absl::string_view line : absl::StrSplit(exposition, '\n')) {
    const std::optional<absl::string_view> text = ValueOf(line, metric);
    if (!text) continue;
    double value = 0;
    if (!absl::SimpleAtod(*text, &value) || !std::isfinite(sum += value))
      return absl::DataLossError(absl::StrCat("a sample of ", metric, " is no number"));
    found = true;
  }
  if (!found) return absl::NotFoundError(absl::StrCat("there is no metric ", metric));
  return sum;
}

void Meter::Record(const absl::StatusOr<double>& sample, base::Instant now) {
  due_ = now + (sample.ok() ? kInterval : kRetry);
  failures_ = sample.ok() ? 0 : failures_ + 1;
  if (sample.ok()) {
    work_ = Work{true, *sample};
  } else if (failures_ >= kAttempts || (absl::IsNotFound(sample.status()) && !work_)) {
    work_ = Work{};
  }
  if (work_ && !work_->known) due_ = now + kInterval;
}

}  // namespace spacelet::probe

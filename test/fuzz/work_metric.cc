// The delegate's metrics, of which one is read: a name on the first line, then the text.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/probe/drain.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {

void Check(absl::string_view input) {
  constexpr char kMetric[] = "io_harness_custom_metric_task_in_progress";
  const absl::StatusOr<double> sum = probe::SumOfSamples(input, kMetric);
  if (!sum.ok()) return RequireReason(sum.status());
  Require(!std::isnan(*sum), "a sum is a number");
  // What another exporter says in the same text is nobody's work.
  const absl::StatusOr<double> same = probe::SumOfSamples(absl::StrCat("other{a=\"b\"} 5\n", input), kMetric);
  Require(same.ok() && *same == *sum, "other metrics do not count");
}

}  // namespace spacelet::fuzz

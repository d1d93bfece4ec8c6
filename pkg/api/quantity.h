// Sizes, CPUs and durations as people write them. Decimal digits only: no exponent, no octal, no sign, no
// leading zero, no blank; so `1e3` and `010` are errors and not a surprise. Errors: InvalidArgument, a
// sentence that says what to write; OutOfRange when the number does not fit.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::api {

// Bytes: "536870912", "512m", "2g" (Docker's units, 1024 each: b k m g t) or "2Gi" (Kubernetes': Ki Mi Gi
// Ti); a fraction is fine where it comes out in whole bytes ("1.5g"). "2G" is refused: Docker means 1024³ by
// it, Kubernetes 1000³.
absl::StatusOr<int64_t> ParseBytes(absl::string_view text);
std::string PrintBytes(int64_t bytes);  // the largest unit that leaves no fraction: "2g", "1536m", "5"

// CPUs in 1e-9 of one: "1", "0.5", "1500m".
absl::StatusOr<int64_t> ParseCpus(absl::string_view text);
std::string PrintCpus(int64_t nano_cpus);  // "1.5"

// "300s", "5m", "1h30m", "250ms": whole numbers, each unit (h m s ms) at most once and in this order. At most
// 10 years.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);
std::string PrintDuration(absl::Duration duration);  // "1h30m", "0s"; below 1 ms is cut off

// The texts that the parsers take, for the JSON Schema: in what ECMA-262 and RE2 have in common, since
// validators written in Go have the latter.
inline constexpr char kBytesPattern[] =
    "^((0|[1-9][0-9]*)b?|(0|[1-9][0-9]*)(\\.[0-9]{1,6})?(k|m|g|t|Ki|Mi|Gi|Ti))$";
inline constexpr char kCpusPattern[] = "^((0|[1-9][0-9]*)(\\.[0-9]{1,9})?|[1-9][0-9]*m)$";
inline constexpr char kDurationPattern[] =
    "^((0|[1-9][0-9]*)h((0|[1-9][0-9]*)m)?((0|[1-9][0-9]*)s)?((0|[1-9][0-9]*)ms)?|"
    "(0|[1-9][0-9]*)m((0|[1-9][0-9]*)s)?((0|[1-9][0-9]*)ms)?|"
    "(0|[1-9][0-9]*)s((0|[1-9][0-9]*)ms)?|"
    "(0|[1-9][0-9]*)ms)$";

}  // namespace spacelet::api

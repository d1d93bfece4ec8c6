// How one event becomes one line. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/log/log.h"

namespace spacelet::log {

// A line, with what the sink puts around it (priority, count of dropped lines, newline), fits into PIPE_BUF =
// 4096 bytes: such a write to a pipe is atomic, and does not block when poll says writable.
inline constexpr size_t kMaxLineBytes = 4096 - 64;

// "ts=… level=… msg=… key=value", or the same as a JSON object with string values. No newline at the end.
// Control and bidirectional characters are escaped as in JSON, invalid UTF-8 becomes U+FFFD. When the line
// would be longer than kMaxLineBytes, its longest values are cut (and end in "…").
std::string EncodeLine(absl::Time at, Level level, const std::vector<Field>& fields, Format format);

// The line with one more field, `dropped=<count>`.
std::string WithDropped(std::string line, int64_t count, Format format);

}  // namespace spacelet::log

// Runs `docker-credential-NAME get`: found by PATH, no shell, the registry on its standard input.
#pragma once

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::docker {

inline constexpr absl::Duration kHelperDeadline = absl::Seconds(10);
inline constexpr size_t kMaxHelperOutput = 64 << 10;

// What the helper prints: JSON with a secret. Errors: InvalidArgument for a name with other characters than
// letters, digits, . _ -; FailedPrecondition it failed; else as base::RunProgram. No message holds a byte of
// its output.
absl::StatusOr<std::string> RunCredentialHelper(absl::string_view name, absl::string_view server,
                                                const std::stop_token& stop,
                                                absl::Duration deadline = kHelperDeadline);

}  // namespace spacelet::docker

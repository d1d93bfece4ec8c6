#include "pkg/secret/command.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "pkg/base/text.h"

namespace spacelet::secret {
namespace {

// `set -x` and the like print the secret on standard error, too.
std::string ErrorLine(const base::ProgramEnd& end) {
  const absl::string_view all = absl::StripAsciiWhitespace(end.errors);
  const absl::string_view line = all.substr(0, all.find('\n'));
  const absl::string_view secret = absl::StripAsciiWhitespace(end.output);
  if (secret.empty()) return base::OneLine(line, 200);
  return base::OneLine(absl::StrReplaceAll(line, {{secret, "***"}}), 200);
}

}  // namespace

absl::StatusOr<std::string> RunCommand(const std::vector<std::string>& argv,
                                       const base::ProgramLimits& limits, const std::stop_token& stop) {
  absl::StatusOr<base::ProgramEnd> end = base::RunProgram(argv, "", limits, stop);
  if (!end.ok()) return absl::Status(end.status().code(), absl::StrCat("command ", end.status().message()));
  if (end->wait_status == 0) return std::move(end->output);
  const std::string error_line = ErrorLine(*end);
  const absl::string_view colon = error_line.empty() ? "" : ": ";
  return absl::FailedPreconditionError(
      absl::StrCat("command ", argv[0], ": ", base::ExitText(end->wait_status), colon, error_line));
}

}  // namespace spacelet::secret

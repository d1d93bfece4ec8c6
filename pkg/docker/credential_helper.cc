#include "pkg/docker/credential_helper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/subprocess.h"

namespace spacelet::docker {
namespace {

bool IsProgramName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

absl::StatusOr<std::string> RunCredentialHelper(absl::string_view name, absl::string_view server,
                                                const std::stop_token& stop, absl::Duration deadline) {
  if (!IsProgramName(name))
    return absl::InvalidArgumentError("the credential helper's name holds odd characters");
  if (server.size() > base::kMaxProgramInput)
    return absl::InvalidArgumentError("the registry's name is too long");
  const std::string program = absl::StrCat("docker-credential-", name);
  ASSIGN_OR_RETURN(base::ProgramEnd end,
                   base::RunProgram({program, "get"}, server,
                                    {.timeout = deadline, .max_output_bytes = kMaxHelperOutput}, stop));
  if (end.wait_status != 0)
    return absl::FailedPreconditionError(absl::StrCat(program, ": has no credentials for ", server));
  return std::move(end.output);
}

}  // namespace spacelet::docker

// The document's place in Git and the flags that go with it, checked and made into what the source takes.
#pragma once

#include <functional>
#include <stop_token>

#include "absl/status/statusor.h"
#include "pkg/app/options.h"
#include "pkg/log/log.h"
#include "pkg/secret/secret.h"
#include "pkg/source/git_source.h"

namespace spacelet::app {

// Errors: InvalidArgument: --config is a git+… that cannot be understood, or a flag of Git does not fit it; a
// sentence that names the flag.
absl::Status CheckGitFlags(const AgentOptions& options);

// Requires: CheckGitFlags is OK and --config is a place in Git.
source::GitOptions GitOptionsFor(const AgentOptions& options);

// Looks at the files with secrets before each use: they are to be readable and nobody else's, and the token
// is never shown. Errors: Unauthenticated, naming the file.
std::function<absl::Status(const std::stop_token&)> GuardGitSecrets(const AgentOptions& options,
                                                                    secret::Redactor& redactor,
                                                                    const log::Logger& logger);

}  // namespace spacelet::app

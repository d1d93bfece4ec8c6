// Files beside a document on this host.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/base/file.h"
#include "pkg/source/store.h"

namespace spacelet::source {

// At most config::kMaxDocumentBytes and one byte more. Errors: as base::ReadFile; FailedPrecondition a
// symlink leads out of `directory`. Requires: `relative_path` has no dots (config::NormalizeRelativePath).
absl::StatusOr<base::FileContent> ReadBeside(const std::string& directory, const std::string& relative_path);

// A document on this host as it stands, for a command that reads it once. Errors: as base::ReadFile.
absl::StatusOr<Version> ReadVersion(const std::string& path);

// The absolute directory in which a document lies, by its path as it is given; symlinks stay.
std::string DirectoryOf(const std::string& path);

}  // namespace spacelet::source

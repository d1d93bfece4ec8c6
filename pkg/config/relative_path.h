// The paths by which a document names files beside itself.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::config {

// The path without `.` and `..`: "hosts/a.yaml" of "./hosts/../hosts/a.yaml". Purely of its letters; who
// reads it sees to symlinks. Errors: InvalidArgument completing "<path> …": absolute, leads out of the
// directory, names no file, has characters that deceive or more than 1024 bytes.
absl::StatusOr<std::string> NormalizeRelativePath(absl::string_view path);

// What diagnostics call a file beside the document: "fleet/hosts/a.yaml" beside "fleet/base.yaml",
// "hosts@1a2b3c4d:hosts/a.yaml" beside "hosts@1a2b3c4d:base.yaml" of a commit.
std::string NameBeside(absl::string_view document, absl::string_view relative_path);

}  // namespace spacelet::config

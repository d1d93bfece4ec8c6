// The little of tar (ustar) that Docker's archive calls need: write plain files, read one back. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/docker/client.h"

namespace spacelet::docker {

// Owner root, modification time 0 (the same input gives the same bytes). Errors: InvalidArgument when a path
// is not absolute, names a directory, or does not fit into ustar's 155 + 100 bytes.
absl::StatusOr<std::string> WriteTar(const std::vector<FileToCopy>& files);

// The file of an archive of one. Errors: NotFound when it is no regular file (a directory, a link); Internal
// when torn.
absl::StatusOr<std::string> ReadSingleFile(absl::string_view tar);

}  // namespace spacelet::docker

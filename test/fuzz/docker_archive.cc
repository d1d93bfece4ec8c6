// The archive in which Docker gives a file of a container.
#include "pkg/docker/tar.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {

void Check(absl::string_view input) {
  const absl::StatusOr<std::string> content = docker::ReadSingleFile(input);
  if (!content.ok()) return RequireReason(content.status());
  Require(content->size() <= input.size(), "a file is no larger than its archive");
  const absl::StatusOr<std::string> written =
      docker::WriteTar({{.path = "/runner/database.sqlite3", .content = *content}});
  Require(written.ok() && docker::ReadSingleFile(*written).value_or("torn") == *content,
          "what is written can be read");
}

}  // namespace spacelet::fuzz

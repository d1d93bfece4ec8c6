#include "pkg/app/host_files.h"

#include <utility>

#include "pkg/base/file.h"

namespace spacelet::app {

absl::StatusOr<std::string> ReadHostFile(const std::string& path) {
  absl::StatusOr<base::FileContent> content = base::ReadFile(path, 1 << 20);
  if (!content.ok()) return content.status();
  return std::move(content->bytes);
}

}  // namespace spacelet::app

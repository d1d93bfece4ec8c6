#include "pkg/source/beside.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/config/load.h"

namespace spacelet::source {
namespace {

namespace fs = std::filesystem;

// One byte more than is allowed, so that what is too large is reported as such.
constexpr size_t kMostBytes = config::kMaxDocumentBytes + 1;

std::string Child(const std::string& directory, const std::string& name) {
  return directory == "/" ? absl::StrCat("/", name) : absl::StrCat(directory, "/", name);
}

}  // namespace

absl::StatusOr<base::FileContent> ReadBeside(const std::string& directory, const std::string& relative_path) {
  const std::string path = Child(directory, relative_path);
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  const fs::path target = error ? fs::path() : fs::canonical(path, error);
  const bool leads_out = !error && !absl::StartsWith(target.string(), Child(root.string(), ""));
  if (leads_out)
    return absl::FailedPreconditionError(
        absl::StrCat(path, " leads out of the document's directory, to ", target.string()));
  return base::ReadFile(path, kMostBytes);
}

std::string DirectoryOf(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return (error ? fs::path(path) : absolute).lexically_normal().parent_path().string();
}

absl::StatusOr<Version> ReadVersion(const std::string& path) {
  ASSIGN_OR_RETURN(base::FileContent content, base::ReadFile(path, kMostBytes));
  Version version{.bytes = std::move(content.bytes), .file_name = path, .directory = DirectoryOf(path)};
  version.read = [directory =
                      version.directory](const std::string& relative_path) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(base::FileContent beside, ReadBeside(directory, relative_path));
    return std::move(beside.bytes);
  };
  return version;
}

}  // namespace spacelet::source

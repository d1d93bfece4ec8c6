#include "pkg/app/compile_here.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/app/host_files.h"
#include "pkg/app/named_files.h"

namespace spacelet::app {

desired::Compiled CompileHere(const api::Document& document, const std::string& revision, int64_t generation,
                              const config::Files& files, const std::string& host_name) {
  const auto read = [&files](const std::string& path) -> absl::StatusOr<std::string> {
    const auto beside = files.find(path);
    if (beside != files.end()) return beside->second;
    return ReadHostFile(path);
  };
  desired::Compiled compiled = desired::Compile({document, revision, generation, read});
  compiled.host.host_name = host_name;
  for (std::string& warning : PermissionWarnings(document)) compiled.warnings.push_back(std::move(warning));
  return compiled;
}

std::vector<std::string> PermissionWarnings(const api::Document& document) {
  std::vector<std::string> warnings;
  for (const NamedFile& named : NamedFiles(document))
    if (const std::optional<std::string> warning = PermissionWarning(named))
      warnings.push_back(absl::StrCat(named.field, ": ", *warning));
  return warnings;
}

}  // namespace spacelet::app

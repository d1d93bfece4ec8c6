#include "pkg/plan/pool_files.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace spacelet::plan {
namespace {

// By its name alone: the container knows the file under another path.
bool Names(const docker::Container& c, absl::string_view file) {
  const auto names = [&](const std::string& text) { return absl::StrContains(text, file); };
  return std::any_of(c.cmd.begin(), c.cmd.end(), names) ||
         std::any_of(c.env.begin(), c.env.end(), [&](const auto& v) { return names(v.second); }) ||
         std::any_of(c.mounts.begin(), c.mounts.end(), [&](const auto& m) { return names(m.source); });
}

}  // namespace

std::vector<Step> RemoveOldPoolFiles(const desired::Container& want, const ObservedState& now) {
  std::vector<Step> steps;
  if (!want.pool) return steps;
  for (const std::string& path : now.facts.pool_files_found) {
    const absl::string_view file = absl::string_view(path).substr(path.rfind('/') + 1);
    const bool used = std::any_of(now.containers.begin(), now.containers.end(),
                                  [&](const docker::Container& c) { return Names(c, file); });
    if (path != want.pool->host_path && !used)
      steps.push_back({RemovePoolFile{path}, ContainerKey(want.name), "no longer used", {}});
  }
  return steps;
}

}  // namespace spacelet::plan

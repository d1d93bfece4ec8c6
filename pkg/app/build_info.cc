#include "pkg/app/build_info.h"

#include <utility>

#include "absl/strings/str_split.h"

namespace spacelet::app {

BuildInfo GetBuildInfo() {
  BuildInfo info{SPACELET_VERSION, SPACELET_REVISION, SPACELET_COMPILER, {}};
  for (absl::string_view library : absl::StrSplit(SPACELET_LIBRARIES, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(library, absl::MaxSplits(' ', 1));
    info.libraries.insert(parts);
  }
  return info;
}

}  // namespace spacelet::app

// What this binary is.
#pragma once

#include <map>
#include <string>

namespace spacelet::app {

struct BuildInfo {
  std::string version;                           // "0.1.0"
  std::string revision;                          // git commit at configure time; "unknown" without git
  std::string compiler;                          // "GNU 12.2.0"
  std::map<std::string, std::string> libraries;  // as found at configure time
};

BuildInfo GetBuildInfo();

}  // namespace spacelet::app

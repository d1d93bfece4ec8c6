// Which directories have to be watched so that no way of replacing a file goes unseen.
#pragma once

#include <map>
#include <set>
#include <string>

namespace spacelet::source {

// Directory -> the names in it that matter: each directory in which the path, one of its symlinks, or the
// first part of it that is missing would appear. "/" for a path whose parents are all gone. Bounded by 40
// symlinks, as the kernel's.
struct Chain {
  std::map<std::string, std::set<std::string>> names;
  std::string target;  // where the last hop points; need not exist
  bool operator==(const Chain&) const = default;
};
// Requires: `path` is absolute.
Chain Resolve(const std::string& path);

}  // namespace spacelet::source

// Just enough of ustar for the archive calls: regular files.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::testing {

std::string MakeTar(const std::map<std::string, std::string>& files);   // name -> content
std::map<std::string, std::string> ReadTar(absl::string_view archive);  // directories are left out

}  // namespace spacelet::testing

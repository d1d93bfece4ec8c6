// Documents for tests.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "pkg/config/load.h"

namespace spacelet::config {

inline absl::Time Today() { return absl::FromCivil(absl::CivilDay(2026, 11, 22), absl::UTCTimeZone()); }

inline std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

inline std::string WithSpec(absl::string_view spec) {
  return absl::StrCat("apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n",
                      spec);
}

}  // namespace spacelet::config

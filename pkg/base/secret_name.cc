#include "pkg/base/secret_name.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace spacelet::base {

bool LooksSecret(absl::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(name);
  for (const char* word :
       {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE", "APIKEY", "API_KEY", "ACCESS_KEY"})
    if (absl::StrContains(upper, word)) return true;
  return false;
}

}  // namespace spacelet::base

// Whether a name is that of a secret.
#pragma once

#include "absl/strings/string_view.h"

namespace spacelet::base {

// For what nobody has declared to be a secret: a variable, a flag or a label called TOKEN, PASSWORD, API_KEY
// and the like, in any case, or a longer text that holds such a word.
bool LooksSecret(absl::string_view name);

}  // namespace spacelet::base

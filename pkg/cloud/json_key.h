// One value of a secret that is a JSON object, as consoles of clouds like to make them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::cloud {

// Errors: FailedPrecondition `secret` is no JSON object; NotFound no such key, or no plain value under it.
// Messages hold nothing of the secret.
absl::StatusOr<std::string> PickJsonKey(absl::string_view secret, const std::string& key);

}  // namespace spacelet::cloud

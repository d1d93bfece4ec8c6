// Digests by OpenSSL; hexadecimal, lower case.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::base {

std::string Sha256Hex(absl::string_view bytes);                             // 64 characters
std::string HmacSha256Hex(absl::string_view key, absl::string_view bytes);  // 64 characters

}  // namespace spacelet::base

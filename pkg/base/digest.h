// Digests by OpenSSL, raw and in lower-case hexadecimal; how secret ones are compared; and what keys them.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::base {

std::string Sha256(absl::string_view bytes);                                // 32 bytes
std::string HmacSha256(absl::string_view key, absl::string_view bytes);     // 32 bytes
std::string Sha256Hex(absl::string_view bytes);                             // 64 characters
std::string HmacSha256Hex(absl::string_view key, absl::string_view bytes);  // 64 characters

// Takes as long wherever they differ (not for texts of different lengths).
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

// For keys; from the kernel's generator.
std::string RandomBytes(size_t count);

}  // namespace spacelet::base

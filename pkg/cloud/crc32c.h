// CRC-32C (Castagnoli), by which Secret Manager lets its payloads be checked.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace spacelet::cloud {

uint32_t Crc32c(absl::string_view bytes);

}  // namespace spacelet::cloud

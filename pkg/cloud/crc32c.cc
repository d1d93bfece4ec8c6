#include "pkg/cloud/crc32c.h"

namespace spacelet::cloud {

uint32_t Crc32c(absl::string_view bytes) {
  constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
  }
  return ~crc;
}

}  // namespace spacelet::cloud

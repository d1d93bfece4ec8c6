#include "pkg/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace spacelet::base {
namespace {

constexpr size_t kSha256Bytes = 32;

// OpenSSL fails here only without memory or without its own provider; a made-up identity would be worse than
// no process.
void Require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

std::string Sha256(absl::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  Require(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                     EVP_sha256(), nullptr) == 1);
  return digest;
}

std::string HmacSha256(absl::string_view key, absl::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  const void* key_bytes = key.empty() ? "" : key.data();  // OpenSSL takes a null key for "the one of before"
  unsigned int length = 0;
  Require(HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
               reinterpret_cast<unsigned char*>(digest.data()), &length) != nullptr);
  return digest;
}

std::string Sha256Hex(absl::string_view bytes) { return absl::BytesToHexString(Sha256(bytes)); }

std::string HmacSha256Hex(absl::string_view key, absl::string_view bytes) {
  return absl::BytesToHexString(HmacSha256(key, bytes));
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace spacelet::base

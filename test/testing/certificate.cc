#include "test/testing/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/str_join.h"

namespace spacelet::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string TextOf(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Bio Memory() { return {BIO_new(BIO_s_mem()), &BIO_free}; }
Bio Memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509Ptr NewCertificate(const std::string& name, EVP_PKEY* key, absl::Duration age, absl::Duration life) {
  static long serial = 1;
  X509Ptr certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), static_cast<long>(-absl::ToInt64Seconds(age)));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(absl::ToInt64Seconds(life - age)));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

Certificate Signed(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  X509_sign(certificate, signer, EVP_sha256());
  const Bio pem = Memory(), key_pem = Memory();
  PEM_write_bio_X509(pem.get(), certificate);
  PEM_write_bio_PrivateKey(key_pem.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return {TextOf(pem), TextOf(key_pem)};
}

Key NewKey() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

}  // namespace

Certificate MakeCa(const std::string& name) {
  const Key key = NewKey();
  const X509Ptr ca = NewCertificate(name, key.get(), absl::Hours(1), absl::Hours(48));
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  Extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  Extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  return Signed(ca.get(), key.get(), key.get());
}

Certificate Issue(const Certificate& ca, const std::string& name, const std::vector<std::string>& sans,
                  absl::Duration age, absl::Duration life) {
  const X509Ptr issuer(PEM_read_bio_X509(Memory(ca.pem).get(), nullptr, nullptr, nullptr), &X509_free);
  const Key signer(PEM_read_bio_PrivateKey(Memory(ca.key_pem).get(), nullptr, nullptr, nullptr),
                   &EVP_PKEY_free);
  const Key key = NewKey();
  const X509Ptr certificate = NewCertificate(name, key.get(), age, life);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  Extend(certificate.get(), issuer.get(), NID_basic_constraints, "CA:FALSE");
  if (!sans.empty()) Extend(certificate.get(), issuer.get(), NID_subject_alt_name, absl::StrJoin(sans, ","));
  return Signed(certificate.get(), key.get(), signer.get());
}

}  // namespace spacelet::testing

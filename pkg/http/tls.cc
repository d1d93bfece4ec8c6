#include "pkg/http/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/status_macros.h"

namespace spacelet::http {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

constexpr long kMostChainBytes = 32 << 10;  // of a client's certificates

Bio Open(const Pem& pem) {
  return {BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())), &BIO_free};
}

// What OpenSSL says went wrong last; its queue is empty afterwards.
std::string Reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "OpenSSL gives no reason";
}

absl::Status Fault(const Pem& pem, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(pem.name, ": ", what));
}

// Never asks a terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate NextCertificate(const Bio& bio) {
  return {PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr), &X509_free};
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return absl::InfinitePast();
  return absl::FromTM(broken_down, absl::UTCTimeZone());
}

std::string TextOf(const ASN1_STRING* value) {
  const unsigned char* bytes = ASN1_STRING_get0_data(value);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(ASN1_STRING_length(value))};
}

std::string AddressOf(const ASN1_STRING* value) {
  const int length = ASN1_STRING_length(value);
  char text[INET6_ADDRSTRLEN] = "";
  if (length != 4 && length != 16) return "";
  return inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text, sizeof text) !=
                 nullptr
             ? text
             : "";
}

std::string TextOf(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return TextOf(name.d.dNSName);
    case GEN_EMAIL:
      return TextOf(name.d.rfc822Name);
    case GEN_URI:
      return TextOf(name.d.uniformResourceIdentifier);
    case GEN_IPADD:
      return AddressOf(name.d.iPAddress);
    default:
      return "";
  }
}

bool HasName(const X509* certificate, const std::vector<std::string>& allowed) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i)
    if (std::count(allowed.begin(), allowed.end(), TextOf(*sk_GENERAL_NAME_value(names.get(), i))) > 0)
      return true;
  return false;
}

bool Verifies(ClientCertificates policy) {
  return policy == ClientCertificates::kVerifyIfGiven || policy == ClientCertificates::kRequireAndVerify;
}

bool Requires(ClientCertificates policy) {
  return policy == ClientCertificates::kRequireAny || policy == ClientCertificates::kRequireAndVerify;
}

int Number(TlsVersion version) { return version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

}  // namespace

TlsContext::TlsContext(const TlsSettings& settings)
    : client_certificates_(settings.client_certificates),
      client_allowed_sans_(settings.client_allowed_sans),
      context_(SSL_CTX_new(TLS_server_method())) {}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Make(const TlsSettings& settings) {
  std::shared_ptr<TlsContext> context(new TlsContext(settings));
  if (context->context_ == nullptr) return absl::ResourceExhaustedError(Reason());
  RETURN_IF_ERROR(context->Configure(settings));
  return context;
}

absl::Status TlsContext::Configure(const TlsSettings& settings) {
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  // Buffers are given back while a connection is idle.
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context_, kMostChainBytes);
  RETURN_IF_ERROR(UseAlgorithms(settings));
  RETURN_IF_ERROR(UseCertificate(settings.certificate));
  RETURN_IF_ERROR(UseKey(settings.key));
  if (!settings.client_ca.name.empty()) RETURN_IF_ERROR(UseClientCa(settings.client_ca));
  AskForCertificates();
  return absl::OkStatus();
}

absl::Status TlsContext::UseCertificate(const Pem& pem) {
  const Bio bio = Open(pem);
  const Certificate own = NextCertificate(bio);
  ERR_clear_error();
  if (own == nullptr) return Fault(pem, "there is no PEM certificate in it");
  if (SSL_CTX_use_certificate(context_, own.get()) != 1) return Fault(pem, Reason());
  not_before_ = TimeOf(X509_get0_notBefore(own.get()));
  not_after_ = TimeOf(X509_get0_notAfter(own.get()));
  while (Certificate next = NextCertificate(bio))
    if (SSL_CTX_add0_chain_cert(context_, next.release()) != 1) return Fault(pem, Reason());
  ERR_clear_error();  // the end of the text
  return absl::OkStatus();
}

absl::Status TlsContext::UseKey(const Pem& pem) {
  const Key key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, &NoPassphrase, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr) return Fault(pem, "there is no PEM private key without a passphrase in it");
  if (SSL_CTX_use_PrivateKey(context_, key.get()) == 1) return absl::OkStatus();
  ERR_clear_error();
  return Fault(pem, "is not the key of the certificate");
}

absl::Status TlsContext::UseClientCa(const Pem& pem) {
  const Bio bio = Open(pem);
  int count = 0;
  for (; const Certificate ca = NextCertificate(bio); ++count) {
    const bool added = X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca.get()) == 1 &&
                       SSL_CTX_add_client_CA(context_, ca.get()) == 1;
    if (!added) return Fault(pem, Reason());
  }
  ERR_clear_error();
  return count > 0 ? absl::OkStatus() : Fault(pem, "there is no PEM certificate in it");
}

absl::Status TlsContext::UseAlgorithms(const TlsSettings& settings) {
  SSL_CTX_set_min_proto_version(context_, Number(settings.min_version));
  SSL_CTX_set_max_proto_version(context_, Number(settings.max_version));
  if (settings.prefer_server_cipher_suites) SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE);
  const std::string suites = absl::StrJoin(settings.cipher_suites, ":");
  if (!suites.empty() && SSL_CTX_set_cipher_list(context_, suites.c_str()) != 1)
    return absl::InvalidArgumentError(absl::StrCat("cipher suites ", suites, ": ", Reason()));
  const std::string groups = absl::StrJoin(settings.groups, ":");
  if (!groups.empty() && SSL_CTX_set1_groups_list(context_, groups.c_str()) != 1)
    return absl::InvalidArgumentError(absl::StrCat("curves ", groups, ": ", Reason()));
  return absl::OkStatus();
}

void TlsContext::AskForCertificates() {
  if (client_certificates_ == ClientCertificates::kNone) return;
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_verify(context_,
                     SSL_VERIFY_PEER | (Requires(client_certificates_) ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     &TlsContext::Believe);
}

// Called for each certificate of the chain, the client's own (depth 0) last, and for each fault.
int TlsContext::Believe(int preverified, x509_store_ctx_st* verification) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* self = static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const bool own = X509_STORE_CTX_get_error_depth(verification) == 0;
  const std::vector<std::string>& allowed = self->client_allowed_sans_;
  if (own && !allowed.empty() && !HasName(X509_STORE_CTX_get_current_cert(verification), allowed)) {
    X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  return Verifies(self->client_certificates_) ? preverified : 1;
}

}  // namespace spacelet::http

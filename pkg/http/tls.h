// TLS of the server: what is asked for, and the context made of it, which any number of connections share.
// OpenSSL underneath, in .cc files only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct ssl_ctx_st;
struct x509_store_ctx_st;

namespace spacelet::http {

// PEM text, and where it is from, for messages.
struct Pem {
  std::string text, name;
};

// Whether clients show a certificate. kRequest and kRequireAny believe any; the others want one that
// client_ca vouches for.
enum class ClientCertificates { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };
enum class TlsVersion { k12, k13 };

struct TlsSettings {
  Pem certificate;  // the server's own first, then the intermediate ones
  Pem key;          // not encrypted
  ClientCertificates client_certificates = ClientCertificates::kNone;
  Pem client_ca;                                 // name empty: none
  std::vector<std::string> client_allowed_sans;  // DNS name, address, e-mail or URI, exactly; empty: any
  TlsVersion min_version = TlsVersion::k12, max_version = TlsVersion::k13;
  std::vector<std::string>
      cipher_suites;  // of TLS 1.2, by OpenSSL's names, best first; empty: OpenSSL's default
  bool prefer_server_cipher_suites = true;
  std::vector<std::string>
      groups;  // of the key exchange, by OpenSSL's names, best first; empty: OpenSSL's default
};

// Every connection shakes hands in full: no tickets and no cache, so that a certificate that is no longer
// good is out at once. No renegotiation, no compression. Thread-safety: thread-safe.
class TlsContext {
 public:
  // Errors: InvalidArgument, with the name of the text that is at fault and without a byte of it.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Make(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  absl::Time not_before() const { return not_before_; }  // of the server's certificate
  absl::Time not_after() const { return not_after_; }
  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(const TlsSettings& settings);
  absl::Status Configure(const TlsSettings& settings);
  absl::Status UseCertificate(const Pem& pem);
  absl::Status UseKey(const Pem& pem);
  absl::Status UseClientCa(const Pem& pem);
  absl::Status UseAlgorithms(const TlsSettings& settings);
  void AskForCertificates();
  static int Believe(int preverified, x509_store_ctx_st* verification);

  const ClientCertificates client_certificates_;
  const std::vector<std::string> client_allowed_sans_;
  absl::Time not_before_, not_after_;
  ssl_ctx_st* const context_;
};

}  // namespace spacelet::http

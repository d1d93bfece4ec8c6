// The web configuration file of Prometheus's exporter-toolkit: TLS, headers and the users of the HTTP port.
// Read as strictly as a document of ours: what is not known, not whole or not done here is an error with line
// and column.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/config/diagnostic.h"
#include "pkg/config/report.h"
#include "pkg/http/tls.h"

namespace spacelet::webconfig {

// bcrypt's work doubles with each: at 10 some 0.1 s of the processor, at 15 some seconds.
inline constexpr int kHighestCost = 15;

struct TlsServer {
  std::string cert, key, client_ca;                 // PEM, in the file itself
  std::string cert_file, key_file, client_ca_file;  // paths, as written
  http::ClientCertificates client_auth = http::ClientCertificates::kNone;
  std::vector<std::string> client_allowed_sans;
  http::TlsVersion min_version = http::TlsVersion::k12, max_version = http::TlsVersion::k13;
  std::vector<std::string> cipher_suites;  // by OpenSSL's names; "": one of TLS 1.3, which are always on
  bool prefer_server_cipher_suites = true;
  std::vector<std::string> curves;  // by OpenSSL's names
};

using Users = std::map<std::string, std::string>;  // name -> bcrypt hash

struct HttpServer {
  bool http2 = true;  // not done here, and no client needs it
  std::map<std::string, std::string> headers;
};

struct WebConfig {
  std::optional<TlsServer> tls;  // nothing: plain HTTP
  HttpServer http;
  Users users;  // empty: everybody
};

// Reads the file's text; looks at no other file. Nothing: `report` has errors. No message holds a hash or a
// key.
std::optional<WebConfig> Parse(absl::string_view text, config::Report& report);

// The cost that a bcrypt hash was made with: "$2y$10$…" -> 10; nothing when it is none. $2a$, $2b$ and $2y$
// are known.
std::optional<int> BcryptCost(absl::string_view hash);

}  // namespace spacelet::webconfig

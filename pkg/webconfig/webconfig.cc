#include "pkg/webconfig/webconfig.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/record.h"
#include "pkg/config/scalars.h"
#include "pkg/yaml/tree.h"

namespace spacelet::webconfig {
namespace {

using config::Codec;
using config::Cursor;
using config::Record;
using config::Report;
using config::Severity;
using http::ClientCertificates;
using http::TlsVersion;

constexpr int kComfortableCost = 12;
constexpr char kTls[] = "tls_server_config";

// The suites that Go offers (crypto/tls.CipherSuites), by their names there and in OpenSSL.
Codec<std::string> CipherSuite() {
  return config::Enumeration<std::string>({
      {"TLS_AES_128_GCM_SHA256", ""},
      {"TLS_AES_256_GCM_SHA384", ""},
      {"TLS_CHACHA20_POLY1305_SHA256", ""},
      {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
      {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
      {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
      {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
      {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
      {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
      {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
      {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
      {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
      {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
      {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
  });
}

Codec<std::string> Curve() {
  return config::Enumeration<std::string>(
      {{"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}});
}

Codec<ClientCertificates> ClientAuth() {
  return config::Enumeration<ClientCertificates>({
      {"NoClientCert", ClientCertificates::kNone},
      {"RequestClientCert", ClientCertificates::kRequest},
      {"RequireAnyClientCert", ClientCertificates::kRequireAny},
      {"RequireClientCert", ClientCertificates::kRequireAny},  // its name of old
      {"VerifyClientCertIfGiven", ClientCertificates::kVerifyIfGiven},
      {"RequireAndVerifyClientCert", ClientCertificates::kRequireAndVerify},
  });
}

Codec<TlsVersion> Version() {
  Codec<TlsVersion> codec =
      config::Enumeration<TlsVersion>({{"TLS12", TlsVersion::k12}, {"TLS13", TlsVersion::k13}});
  codec.decode = [decode = codec.decode](const Cursor& at, TlsVersion& out) {
    if (at.node.text != "TLS10" && at.node.text != "TLS11") return decode(at, out);
    return at.Error("TLS 1.0 and 1.1 are broken and not spoken here", "write TLS12 or TLS13"), false;
  };
  return codec;
}

// A scalar that no message repeats.
Codec<std::string> BcryptHash() {
  Codec<std::string> codec = config::Scalar();
  codec.type = "bcrypt hash";
  codec.decode = [decode = codec.decode](const Cursor& at, std::string& out) {
    if (!decode(at, out)) return false;
    const std::optional<int> cost = BcryptCost(out);
    if (!cost) {
      at.Error("is no bcrypt hash ($2y$…, $2b$… or $2a$…)", "make one with htpasswd -nBC 10 \"\"");
    } else if (*cost > kHighestCost) {
      at.Error(absl::StrCat("a cost of ", *cost, " takes many seconds a password"), "10 is usual");
    } else if (*cost > kComfortableCost) {
      at.report.AddAt(Severity::kWarning, at.path,
                      absl::StrCat("a cost of ", *cost, " takes seconds for the first request of a client"));
    }
    return cost && *cost <= kHighestCost;
  };
  return codec;
}

Codec<Users> UserMap() { return config::MapOf(BcryptHash(), "^[^:]+$", "a user's name, which has no colon"); }

bool CheckHeader(const Cursor& at, const std::string& name, const std::string& value) {
  const bool control = std::any_of(value.begin(), value.end(),
                                   [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
  if (control) return at.Error("holds a control character"), false;
  if (name == "X-Frame-Options" && value != "deny" && value != "sameorigin")
    return at.Error("is neither deny nor sameorigin"), false;
  if (name == "X-Content-Type-Options" && value != "nosniff") return at.Error("is not nosniff"), false;
  return true;
}

// Those that the toolkit lets be set.
Codec<std::map<std::string, std::string>> Headers() {
  Codec<std::map<std::string, std::string>> codec = config::MapOf(config::Scalar());
  codec.decode = [value = config::Scalar().decode](const Cursor& at,
                                                   std::map<std::string, std::string>& out) {
    const std::vector<std::string> known = {"Content-Security-Policy", "Strict-Transport-Security",
                                            "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"};
    if (!config::ExpectMap(at)) return false;
    bool good = true;
    for (const yaml::Entry& entry : at.node.entries) {
      const Cursor field = at.Field(entry);
      const bool is_known = std::count(known.begin(), known.end(), entry.key) > 0;
      if (!is_known) config::ReportUnknownKey(at, entry, known);
      std::string text;
      const bool is_good = is_known && value(field, text) && CheckHeader(field, entry.key, text);
      good = good && is_good;
      if (is_good && !text.empty()) out[entry.key] = text;
    }
    return good;
  };
  return codec;
}

// A field that is there in the toolkit and not here.
struct Nothing {};
Codec<Nothing> NotDone(const std::string& instead) {
  return {"-", [](config::Definitions&) { return yaml::Node(); },
          [instead](const Cursor& at, Nothing&) { return at.Error("is not supported here", instead), false; },
          [](const Nothing&) { return yaml::Node(); }};
}

Record<TlsServer> TlsRecord() {
  Record<TlsServer> record(kTls, "TLS of the port.");
  record.Add("cert", &TlsServer::cert, config::Scalar(), "The certificate and those above it, as PEM.");
  record.Add("key", &TlsServer::key, config::Scalar(), "Its key, as PEM.");
  record.Add("client_ca", &TlsServer::client_ca, config::Scalar(), "Who vouches for clients, as PEM.");
  record.Add("cert_file", &TlsServer::cert_file, config::Scalar(), "The same, in a file.");
  record.Add("key_file", &TlsServer::key_file, config::Scalar(), "The same, in a file.");
  record.Add("client_ca_file", &TlsServer::client_ca_file, config::Scalar(), "The same, in a file.");
  record.Add("client_auth_type", &TlsServer::client_auth, ClientAuth(),
             "Whether clients show a certificate.");
  record.Add("client_allowed_sans", &TlsServer::client_allowed_sans, config::ListOf(config::Scalar(), false),
             "Names of which a client's certificate has one.");
  record.Add("min_version", &TlsServer::min_version, Version(), "The oldest TLS.");
  record.Add("max_version", &TlsServer::max_version, Version(), "The newest TLS.");
  record.Add("cipher_suites", &TlsServer::cipher_suites, config::ListOf(CipherSuite()), "Those of TLS 1.2.");
  record.Add("prefer_server_cipher_suites", &TlsServer::prefer_server_cipher_suites, config::Boolean(),
             "Whether their order counts, or the client's.");
  record.Add("curve_preferences", &TlsServer::curves, config::ListOf(Curve()), "Of the key exchange.");
  return record;
}

Record<HttpServer> HttpRecord() {
  Record<HttpServer> record("http_server_config", "Headers of the answers.");
  record.Add("http2", &HttpServer::http2, config::Boolean(), "Not done here.");
  record.Add("headers", &HttpServer::headers, Headers(), "Sent with each answer.");
  return record;
}

Record<WebConfig> FileRecord() {
  Record<WebConfig> record("web_config", "The file.");
  record.Add(kTls, &WebConfig::tls, config::Object(TlsRecord()), "TLS of the port; without it plain HTTP.");
  record.Add("http_server_config", &WebConfig::http, config::Object(HttpRecord()), "Headers of the answers.");
  record.Add("basic_auth_users", &WebConfig::users, UserMap(), "Who may ask; without it everybody.");
  record.AddWith<Nothing>(
      "rate_limit", NotDone("the server has limits of its own (docs/web-config.md); leave it out"),
      [](WebConfig&, Nothing) {}, [](const WebConfig&) -> std::optional<Nothing> { return std::nullopt; },
      "");
  return record;
}

void CheckPair(const std::string& name, const std::string& text, const std::string& file, bool required,
               Report& report) {
  if (text.empty() && file.empty() && required)
    report.AddAt(Severity::kError, kTls, absl::StrCat(name, "_file is missing"),
                 "without TLS leave the whole section out");
  if (!text.empty() && !file.empty())
    report.AddAt(Severity::kError, absl::StrCat(kTls, ".", name),
                 absl::StrCat("stands beside ", name, "_file"), "keep one of the two");
}

void CheckClients(const TlsServer& tls, Report& report) {
  const ClientCertificates policy = tls.client_auth;
  const bool has_ca = !tls.client_ca.empty() || !tls.client_ca_file.empty();
  const bool verifies =
      policy == ClientCertificates::kVerifyIfGiven || policy == ClientCertificates::kRequireAndVerify;
  const bool requires_one =
      policy == ClientCertificates::kRequireAny || policy == ClientCertificates::kRequireAndVerify;
  const std::string type = absl::StrCat(kTls, ".client_auth_type");
  if (has_ca && policy == ClientCertificates::kNone)
    report.AddAt(Severity::kError, type, "a client CA is given and no client is asked for a certificate",
                 "write RequireAndVerifyClientCert");
  if (verifies && !has_ca)
    report.AddAt(Severity::kError, type, "needs client_ca_file: the CA that vouches for clients");
  if (!tls.client_allowed_sans.empty() && !requires_one)
    report.AddAt(
        Severity::kError, absl::StrCat(kTls, ".client_allowed_sans"),
        "needs client_auth_type RequireAndVerifyClientCert: a client without a certificate has no names");
  if (policy == ClientCertificates::kRequest || policy == ClientCertificates::kRequireAny)
    report.AddAt(Severity::kWarning, type, "any certificate is believed", "write RequireAndVerifyClientCert");
}

void Check(WebConfig& config, Report& report) {
  if (config.tls) {
    TlsServer& tls = *config.tls;
    CheckPair("cert", tls.cert, tls.cert_file, true, report);
    CheckPair("key", tls.key, tls.key_file, true, report);
    CheckPair("client_ca", tls.client_ca, tls.client_ca_file, false, report);
    CheckClients(tls, report);
    std::vector<std::string>& suites = tls.cipher_suites;
    const bool named = !suites.empty();
    suites.erase(std::remove(suites.begin(), suites.end(), ""), suites.end());
    if (named && suites.empty()) tls.min_version = TlsVersion::k13;  // none is left for TLS 1.2
    if (tls.min_version > tls.max_version)
      report.AddAt(Severity::kError, absl::StrCat(kTls, ".min_version"), "is newer than max_version allows");
  }
  if (config.http.http2 && report.IsWritten("http_server_config.http2"))
    report.AddAt(Severity::kWarning, "http_server_config.http2",
                 "HTTP/2 is not spoken here: clients use HTTP/1.1");
  if (!config.tls && !config.users.empty())
    report.AddAt(Severity::kWarning, "basic_auth_users",
                 "without TLS passwords cross the network in the clear");
}

std::optional<WebConfig> Decode(const yaml::Node& root, Report& report) {
  WebConfig config;
  FileRecord().Decode(Cursor{root, "", report}, config);
  if (!report.has_errors()) Check(config, report);
  return report.has_errors() ? std::nullopt : std::optional(std::move(config));
}

}  // namespace

std::optional<WebConfig> Parse(absl::string_view text, Report& report) {
  const yaml::Parsed parsed = yaml::Parse(text);
  for (const yaml::Error& error : parsed.errors)
    report.Add(Severity::kError, {error.line, error.column}, "", error.message);
  return parsed.root ? Decode(*parsed.root, report) : std::nullopt;
}

std::optional<int> BcryptCost(absl::string_view hash) {
  constexpr size_t kLength = 60, kDigits = 7;  // "$2y$10$", then 22 of salt and 31 of hash
  const auto is_base64 = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '/';
  };
  const bool prefix =
      absl::StartsWith(hash, "$2a$") || absl::StartsWith(hash, "$2b$") || absl::StartsWith(hash, "$2y$");
  if (!prefix || hash.size() != kLength || hash[kDigits - 1] != '$' ||
      !std::all_of(hash.begin() + kDigits, hash.end(), is_base64))
    return std::nullopt;
  const absl::string_view digits = hash.substr(4, 2);
  int cost = 0;
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) || !absl::SimpleAtoi(digits, &cost))
    return std::nullopt;
  return cost >= 4 && cost <= 31 ? std::optional(cost) : std::nullopt;
}

}  // namespace spacelet::webconfig

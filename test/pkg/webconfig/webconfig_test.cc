#include "pkg/webconfig/webconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace spacelet::webconfig {
namespace {

using http::ClientCertificates;
using http::TlsVersion;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kHash[] = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

struct Read {
  std::optional<WebConfig> config;
  std::string said;  // all diagnostics
};

Read From(const std::string& text) {
  config::Report report("web.yml");
  Read read;
  read.config = Parse(text, report);
  read.said = config::ToText(report.TakeInFileOrder());
  return read;
}

std::string Tls(const std::string& more) {
  return absl::StrCat("tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n", more);
}

TEST(WebConfig, ReadsAWholeFileOfAnExporter) {
  const Read read = From(absl::StrCat(R"(
# As it stands beside a node_exporter.
tls_server_config:
  cert_file: server.crt
  key_file: /etc/ssl/server.key
  client_auth_type: "RequireAndVerifyClientCert"
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.7]
  min_version: TLS12
  max_version: "TLS13"
  cipher_suites:
    - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    - TLS_AES_128_GCM_SHA256
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: deny
basic_auth_users:
  prometheus: )",
                                      kHash, "\n  'ann': '", kHash, "'\n"));
  ASSERT_TRUE(read.config.has_value()) << read.said;
  EXPECT_THAT(read.said, IsEmpty());
  const TlsServer& tls = *read.config->tls;
  EXPECT_EQ(tls.cert_file, "server.crt");
  EXPECT_EQ(tls.key_file, "/etc/ssl/server.key");
  EXPECT_EQ(tls.client_auth, ClientCertificates::kRequireAndVerify);
  EXPECT_EQ(tls.client_allowed_sans, (std::vector<std::string>{"prometheus.example", "10.0.0.7"}));
  EXPECT_EQ(tls.cipher_suites, std::vector<std::string>{"ECDHE-ECDSA-AES128-GCM-SHA256"});
  EXPECT_EQ(tls.curves, (std::vector<std::string>{"X25519", "P-256"}));
  EXPECT_FALSE(tls.prefer_server_cipher_suites);
  EXPECT_EQ(read.config->http.headers.at("X-Frame-Options"), "deny");
  EXPECT_EQ(read.config->users.at("ann"), kHash);
}

TEST(WebConfig, HasTheDefaultsOfTheToolkit) {
  const Read read = From(Tls(""));
  ASSERT_TRUE(read.config.has_value()) << read.said;
  EXPECT_EQ(read.config->tls->client_auth, ClientCertificates::kNone);
  EXPECT_EQ(read.config->tls->min_version, TlsVersion::k12);
  EXPECT_EQ(read.config->tls->max_version, TlsVersion::k13);
  EXPECT_TRUE(read.config->tls->prefer_server_cipher_suites);
  EXPECT_TRUE(read.config->users.empty());
}

TEST(WebConfig, WithOnlyNewCipherSuitesSpeaksOnlyNewTls) {
  const Read read = From(Tls("  cipher_suites: [TLS_AES_256_GCM_SHA384]\n"));
  ASSERT_TRUE(read.config.has_value()) << read.said;
  EXPECT_EQ(read.config->tls->min_version, TlsVersion::k13);
  EXPECT_TRUE(read.config->tls->cipher_suites.empty());
}

TEST(WebConfig, SaysWhereAndWhatIsWrong) {
  struct Case {
    std::string text, says;
  };
  const std::vector<Case> cases = {
      {"", "web.yml: "},
      {"tls_server_confg: {}",
       "web.yml:1:1: tls_server_confg: unknown field (did you mean tls_server_config?)"},
      {Tls("  min_version: TLS11\n"),
       "web.yml:4:16: tls_server_config.min_version: TLS 1.0 and 1.1 are broken"},
      {Tls("  min_version: TLS14\n"), "web.yml:4:16: tls_server_config.min_version: "},
      {Tls("  min_version: TLS13\n  max_version: TLS12\n"), "min_version: is newer than max_version allows"},
      {Tls("  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"),
       "web.yml:4:19: tls_server_config.cipher_suites[0]: "},
      {Tls("  curve_preferences: [Curve25519]\n"), "web.yml:4:23: tls_server_config.curve_preferences[0]: "},
      {Tls("  client_auth_type: Requested\n"), "web.yml:4:21: tls_server_config.client_auth_type: "},
      {Tls("  client_auth_type: RequireAndVerifyClientCert\n"), "client_auth_type: needs client_ca_file"},
      {Tls("  client_ca_file: ca.crt\n"), "a client CA is given and no client is asked"},
      {Tls("  client_allowed_sans: [a]\n"),
       "client_allowed_sans: needs client_auth_type RequireAndVerifyClientCert"},
      {Tls("  client_allowed_sans: []\n"), "client_allowed_sans: must not be empty"},
      {Tls("  cert: x\n"), "web.yml:4:9: tls_server_config.cert: stands beside cert_file"},
      {Tls("  key_file: other.key\n"), "web.yml:4:3: "},
      {"tls_server_config: {}", "cert_file is missing (without TLS leave the whole section out)"},
      {"tls_server_config: {cert_file: a}", "key_file is missing"},
      {"tls_server_config:", "web.yml:1:"},
      {"http_server_config: {headers: {Server: x}}",
       "web.yml:1:32: http_server_config.headers.Server: unknown field"},
      {"http_server_config: {headers: {X-Frame-Options: sometimes}}", "is neither deny nor sameorigin"},
      {"http_server_config: {headers: {X-Content-Type-Options: sniff}}", "is not nosniff"},
      {"http_server_config: {headers: {X-XSS-Protection: \"1\\r\\nX: y\"}}", "holds a control character"},
      {"http_server_config: {http2: maybe}", "web.yml:1:29: http_server_config.http2: "},
      {"rate_limit: {interval: 1s, burst: 20}", "web.yml:1:13: rate_limit: is not supported here"},
      {"basic_auth_users: {ann: secret}", "web.yml:1:25: basic_auth_users.ann: is no bcrypt hash"},
      {"basic_auth_users: {ann: $2y$16$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}",
       "a cost of 16 takes many seconds"},
      {absl::StrCat("basic_auth_users: {\"a:b\": ", kHash, "}"), "a user's name, which has no colon"},
      {"- a list", "web.yml:1:1: expected a map"},
  };
  for (const Case& c : cases) {
    const Read read = From(c.text);
    EXPECT_FALSE(read.config.has_value()) << c.text;
    EXPECT_THAT(read.said, HasSubstr(c.says)) << c.text;
  }
}

TEST(WebConfig, ReportsAllMistakesAtOnceAndShowsNoHash) {
  const Read read = From("basic_auth_users:\n  ann: $2y$05$secret\n  bob: 123\nhttp_server_config: {x: y}\n");
  EXPECT_FALSE(read.config.has_value());
  for (const char* place : {"web.yml:2:8", "web.yml:3:8", "web.yml:4:22"})
    EXPECT_THAT(read.said, HasSubstr(place));
  EXPECT_FALSE(absl::StrContains(read.said, "secret")) << read.said;
}

TEST(WebConfig, WarnsOfWhatIsTakenAndNotMeant) {
  struct Case {
    std::string text, says;
  };
  const std::vector<Case> cases = {
      {absl::StrCat("basic_auth_users: {ann: ", kHash, "}"),
       "without TLS passwords cross the network in the clear"},
      {"http_server_config: {http2: true}", "HTTP/2 is not spoken here"},
      {Tls("  client_auth_type: RequireClientCert\n"), "any certificate is believed"},
      {"basic_auth_users: {ann: $2y$13$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}",
       "a cost of 13"},
  };
  for (const Case& c : cases) {
    const Read read = From(c.text);
    EXPECT_TRUE(read.config.has_value()) << read.said;
    EXPECT_THAT(read.said, HasSubstr(absl::StrCat("warning: "))) << c.text;
    EXPECT_THAT(read.said, HasSubstr(c.says)) << c.text;
  }
}

TEST(WebConfig, LeavesAHeaderThatIsBlankUnset) {
  const Read read = From("http_server_config: {headers: {Content-Security-Policy: \"\"}}");
  ASSERT_TRUE(read.config.has_value()) << read.said;
  EXPECT_TRUE(read.config->http.headers.empty());
}

TEST(BcryptCost, KnowsTheThreeNamesOfOneFunction) {
  const std::string rest = "$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
  for (const char* name : {"$2a", "$2b", "$2y"}) EXPECT_EQ(BcryptCost(name + rest), 10) << name;
  for (const std::string& bad :
       {"$2x" + rest, "$2" + rest, "$5" + rest, "$2y" + rest + "x", "$2y$1x" + rest.substr(3),
        "$2y$03" + rest.substr(3), "$2y$32" + rest.substr(3), std::string()})
    EXPECT_EQ(BcryptCost(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace spacelet::webconfig

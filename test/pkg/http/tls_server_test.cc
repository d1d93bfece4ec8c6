#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/http/server.h"
#include "pkg/http/tls.h"
#include "test/pkg/http/patient.h"
#include "test/pkg/http/tls_client.h"
#include "test/testing/certificate.h"

namespace spacelet::http {
namespace {

ServerResponse Page(const ServerRequest& request) {
  ServerResponse response;
  response.body = request.path + "\n";
  if (request.path == "/big") response.body = std::string(8 << 20, 'x');
  if (request.path == "/forever") response.more = [] { return std::optional<std::string>("tick\n"); };
  return response;
}

class TlsServerTest : public ::testing::Test {
 protected:
  explicit TlsServerTest(ServerLimits limits = Patient()) {
    Use({});
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.limits = limits;
    options.tls = [this] {
      base::MutexLock lock(mu_);
      return context_;
    };
    options.on_handshake_failed = [this](HandshakeFailure why) {
      base::MutexLock lock(mu_);
      failures_.push_back(why);
    };
    server_ = *Server::Bind(std::move(options), Page);
    thread_ = std::jthread([this](const std::stop_token& stop) { server_->Run(stop).IgnoreError(); });
  }
  ~TlsServerTest() override {
    thread_.request_stop();
    thread_.join();
  }
  // From the next connection on.
  void Use(TlsSettings settings) {
    if (settings.certificate.text.empty()) settings.certificate = {certificate_.pem, "cert"};
    if (settings.key.text.empty()) settings.key = {certificate_.key_pem, "key"};
    auto context = TlsContext::Make(settings);
    ASSERT_TRUE(context.ok()) << context.status();
    base::MutexLock lock(mu_);
    context_ = *context;
  }
  int port() const { return server_->port(); }
  // So far; what a client has seen was told before.
  std::vector<HandshakeFailure> failures() {
    base::MutexLock lock(mu_);
    return failures_;
  }

  const Certificate ca_ = testing::MakeCa("ca");
  const Certificate certificate_ = testing::Issue(ca_, "server", {"IP:127.0.0.1"});
  base::Mutex mu_;
  std::shared_ptr<const TlsContext> context_ ABSL_GUARDED_BY(mu_);
  std::vector<HandshakeFailure> failures_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

TEST_F(TlsServerTest, AnswersOverTls12And13) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(port(), {nullptr, version});
    const std::string answer = client.Get();
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(absl::EndsWith(answer, "/page\n")) << answer;
    EXPECT_EQ(SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
  }
}

TEST_F(TlsServerTest, SpeaksTheVersionsThatItIsTold) {
  struct Case {
    TlsVersion min, max;
    int version;
    bool spoken;
  };
  for (const Case& c : std::vector<Case>{{TlsVersion::k12, TlsVersion::k13, TLS1_1_VERSION, false},
                                         {TlsVersion::k13, TlsVersion::k13, TLS1_2_VERSION, false},
                                         {TlsVersion::k13, TlsVersion::k13, TLS1_3_VERSION, true},
                                         {TlsVersion::k12, TlsVersion::k12, TLS1_3_VERSION, false},
                                         {TlsVersion::k12, TlsVersion::k12, TLS1_2_VERSION, true}}) {
    TlsSettings settings;
    settings.min_version = c.min;
    settings.max_version = c.max;
    Use(settings);
    EXPECT_EQ(TlsClient(port(), {nullptr, c.version}).ShakeHands(), c.spoken) << c.version;
  }
}

TEST_F(TlsServerTest, OffersTheSuitesAndCurvesThatItIsTold) {
  TlsSettings settings;
  settings.cipher_suites = {"ECDHE-ECDSA-AES256-GCM-SHA384"};
  settings.groups = {"P-384"};
  Use(settings);
  TlsClient client(port(), {nullptr, TLS1_2_VERSION});
  ASSERT_TRUE(client.ShakeHands());
  EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(SSL_get_negotiated_group(client.ssl()), NID_secp384r1);
}

TEST_F(TlsServerTest, AsksClientsForCertificatesAsItIsTold) {
  const Certificate other_ca = testing::MakeCa("other"),
                    trusted = testing::Issue(ca_, "prometheus", {"DNS:prometheus.example", "IP:10.0.0.7"}),
                    stranger = testing::Issue(other_ca, "prometheus", {"DNS:prometheus.example"}),
                    expired = testing::Issue(ca_, "old", {}, absl::Hours(3), absl::Hours(2));
  struct Case {
    ClientCertificates policy;
    std::vector<std::string> sans;
    const Certificate* shown;
    bool served;
  };
  using Policy = ClientCertificates;
  const std::vector<Case> cases = {
      {Policy::kNone, {}, nullptr, true},
      {Policy::kNone, {}, &stranger, true},
      {Policy::kRequest, {}, nullptr, true},
      {Policy::kRequest, {}, &stranger, true},
      {Policy::kRequireAny, {}, nullptr, false},
      {Policy::kRequireAny, {}, &stranger, true},
      {Policy::kRequireAny, {"prometheus.example"}, &stranger, true},
      {Policy::kRequireAny, {"another.example"}, &stranger, false},
      {Policy::kVerifyIfGiven, {}, nullptr, true},
      {Policy::kVerifyIfGiven, {}, &trusted, true},
      {Policy::kVerifyIfGiven, {}, &stranger, false},
      {Policy::kRequireAndVerify, {}, nullptr, false},
      {Policy::kRequireAndVerify, {}, &trusted, true},
      {Policy::kRequireAndVerify, {}, &stranger, false},
      {Policy::kRequireAndVerify, {}, &expired, false},
      {Policy::kRequireAndVerify, {"another.example", "10.0.0.7"}, &trusted, true},
      {Policy::kRequireAndVerify, {"PROMETHEUS.example"}, &trusted, false},
      {Policy::kRequireAndVerify, {"prometheus.example"}, &stranger, false},
      {Policy::kRequireAndVerify, {"old"}, &expired, false},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    TlsSettings settings;
    settings.client_certificates = c.policy;
    settings.client_ca = {ca_.pem, "ca"};
    settings.client_allowed_sans = c.sans;
    Use(settings);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
      EXPECT_EQ(absl::StartsWith(TlsClient(port(), {c.shown, version}).Get(), "HTTP/1.1 200 "), c.served)
          << "case " << i << " over " << version;
  }
}

TEST_F(TlsServerTest, TellsAClientWithoutCertificateWhyItIsRefused) {
  TlsSettings settings;
  settings.client_certificates = ClientCertificates::kRequireAndVerify;
  settings.client_ca = {ca_.pem, "ca"};
  Use(settings);
  ERR_clear_error();
  TlsClient client(port(), {nullptr, TLS1_3_VERSION});
  client.Get();
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
      << ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
}

TEST_F(TlsServerTest, ShowsANewCertificateToNewConnectionsAndGoesOnWithTheOldOnes) {
  TlsClient before(port());
  ASSERT_TRUE(before.ShakeHands());
  before.Send("GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(before.Read("tick"), "tick"));
  const Certificate renewed = testing::Issue(ca_, "renewed", {"IP:127.0.0.1"});
  TlsSettings settings;
  settings.certificate = {renewed.pem, "cert"};
  settings.key = {renewed.key_pem, "key"};
  Use(settings);
  TlsClient after(port());
  EXPECT_TRUE(absl::StartsWith(after.Get(), "HTTP/1.1 200 "));
  EXPECT_EQ(after.PeerPem(), renewed.pem);
  EXPECT_EQ(before.PeerPem(), certificate_.pem);
  EXPECT_TRUE(absl::StrContains(before.Read("tick"), "tick"));
}

TEST_F(TlsServerTest, TellsWhoSpeaksPlainHttpToSpeakHttps) {
  const Socket client(port());
  client.Send(kGet);
  const std::string answer = client.Read();
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "this port speaks HTTPS")) << answer;
}

TEST_F(TlsServerTest, ClosesOnWhatIsNeither) {
  const std::string hello_of_100_kib("\x16\x03\x01\x40\x00\x01\x01\x90\x00", 9);
  for (const std::string& bytes : {std::string("\x00\x01", 2), std::string("get / "),
                                   std::string("\x15\x03\x01\x00\x02\x01\x00\x00\x00", 9), hello_of_100_kib,
                                   std::string("\x16\x03\x01\x00\x05\x02\x00\x00\x01", 9)}) {
    const Socket client(port());
    client.Send(bytes);
    EXPECT_EQ(client.Read(), "");
  }
}

TEST_F(TlsServerTest, TellsOfEachHandshakeThatCameToNothing) {
  using enum HandshakeFailure;
  for (const std::string& begun : {std::string("\x17 no handshake"), std::string("GET / HTTP/1.1\r\n\r\n"),
                                   std::string("\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9)}) {
    const Socket client(port());
    client.Send(begun);
    shutdown(client.fd(), SHUT_WR);
    client.Read();
  }
  EXPECT_EQ(failures(), (std::vector{kRefused, kPlaintext, kRefused}));
}

TEST_F(TlsServerTest, DoesNotTellOfAGoodHandshakeNorOfWhoSaysNothing) {
  {
    const Socket port_check(port());
    shutdown(port_check.fd(), SHUT_WR);
    EXPECT_EQ(port_check.Read(), "");
  }
  EXPECT_TRUE(absl::StartsWith(TlsClient(port()).Get(), "HTTP/1.1 200 "));
  EXPECT_TRUE(failures().empty());
}

TEST_F(TlsServerTest, ReadsAHandshakeThatComesByteByByte) {
  TlsClient client(port());
  BIO* const wire = BIO_new(BIO_s_mem());
  SSL_set0_wbio(client.ssl(), wire);
  const int fd = SSL_get_rfd(client.ssl());
  const auto flush = [&] {
    char byte = 0;
    while (BIO_read(wire, &byte, 1) == 1) send(fd, &byte, 1, MSG_NOSIGNAL);
  };
  // What the client has to say is sent whenever it waits for an answer.
  timeval no_patience{0, 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &no_patience, sizeof no_patience);
  for (int i = 0; i < 20000 && SSL_connect(client.ssl()) != 1; ++i) flush();
  client.Send(kGet);
  flush();
  const timeval patience{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_TRUE(absl::EndsWith(client.Read(), "/page\n"));
}

TEST_F(TlsServerTest, SendsALargeBodyWhole) {
  TlsClient client(port());
  ASSERT_TRUE(client.ShakeHands());
  client.Send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = client.Read();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 8u << 20);
}

TEST_F(TlsServerTest, NeitherRenegotiatesNorResumes) {
  TlsClient client(port(), {nullptr, TLS1_2_VERSION});
  ASSERT_TRUE(client.ShakeHands());
  EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(client.ssl())), 0);
  unsigned int length = 0;
  SSL_SESSION_get_id(SSL_get_session(client.ssl()), &length);
  EXPECT_EQ(length, 0u);
  SSL_renegotiate(client.ssl());
  EXPECT_LE(SSL_do_handshake(client.ssl()), 0);
  ERR_clear_error();
}

TEST_F(TlsServerTest, StillAppliesTheRulesForHostsAndHeaders) {
  TlsClient foreign(port());
  ASSERT_TRUE(foreign.ShakeHands());
  foreign.Send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(foreign.Read(), "HTTP/1.1 421 "));
  TlsClient large(port());
  ASSERT_TRUE(large.ShakeHands());
  large.Send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'a'));
  EXPECT_TRUE(absl::StartsWith(large.Read(), "HTTP/1.1 431 "));
}

TEST_F(TlsServerTest, AnswersAHandshakeWhile200ClientsSendOneByteOfTheirs) {
  std::vector<std::unique_ptr<Socket>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<Socket>(port()));
    slow.back()->Send("\x16");
  }
  TlsClient client(port());
  EXPECT_TRUE(absl::StartsWith(client.Get(), "HTTP/1.1 200 "));
  // The slow ones were neither waited for nor thrown out.
  char byte = 0;
  EXPECT_EQ(recv(slow.back()->fd(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN);
}

class ImpatientTlsServerTest : public TlsServerTest {
 protected:
  ImpatientTlsServerTest() : TlsServerTest(Impatient()) {}
  static ServerLimits Impatient() {
    ServerLimits limits;
    limits.header_deadline = absl::Milliseconds(200);
    return limits;
  }
};

TEST_F(ImpatientTlsServerTest, EndsAHandshakeThatDoesNotComeToItsEnd) {
  for (const std::string& begun :
       {std::string(), std::string("\x16"), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10)}) {
    const Socket client(port());
    client.Send(begun);
    EXPECT_EQ(client.Read(), "");
  }
  EXPECT_EQ(failures(), std::vector(3, HandshakeFailure::kTimeout));
}

TEST_F(ImpatientTlsServerTest, TellsWhoShakesHandsAndThenSaysNothing) {
  TlsClient client(port());
  ASSERT_TRUE(client.ShakeHands());
  EXPECT_TRUE(absl::StartsWith(client.Read(), "HTTP/1.1 408 "));
}

class BusyTlsServerTest : public TlsServerTest {
 protected:
  BusyTlsServerTest() : TlsServerTest(NoTime()) {}
  static ServerLimits NoTime() {
    ServerLimits limits;
    limits.turn = absl::Nanoseconds(1);
    return limits;
  }
};

TEST_F(BusyTlsServerTest, ShakesHandsOneAfterTheOtherWhenTheTurnIsTooShortForAll) {
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<TlsClient>(port()));
  std::vector<std::jthread> threads;
  std::atomic<int> served{0};
  for (auto& client : clients)
    threads.emplace_back(
        [&served, c = client.get()] { served += absl::StartsWith(c->Get(), "HTTP/1.1 200 ") ? 1 : 0; });
  threads.clear();
  EXPECT_EQ(served, 20);
}

}  // namespace
}  // namespace spacelet::http

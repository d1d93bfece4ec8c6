#include "pkg/doctor/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/http/resolve.h"
#include "test/testing/tcp_server.h"

namespace spacelet::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Stage = ReachFacts::Stage;
using testing::TcpPeer;
using testing::TcpServer;

constexpr char kAnswer[] =
    "HTTP/1.1 404 Not Found\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 3\r\n\r\nno!";

std::string Url(const TcpServer& server) { return absl::StrCat("http://127.0.0.1:", server.port()); }

// Nobody listens there (any more).
uint16_t ClosedPort() { return TcpServer().port(); }

TEST(Reach, AnyAnswerIsAnAnswerAndItsDateIsRead) {
  const TcpServer server(TcpServer::Answering(kAnswer));
  const ReachFacts facts = Reach(Url(server) + "/ng/", {});
  EXPECT_EQ(facts.stage, Stage::kDone) << facts.error;
  EXPECT_EQ(facts.http_status, 404);
  EXPECT_EQ(facts.date, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_LT(absl::AbsDuration(facts.asked_at - absl::Now()), absl::Minutes(1));
}

TEST(Reach, ANameThatIsNotThereIsDns) {
  const ReachFacts facts = Reach("https://spacelet-doctor-test.invalid", {});
  EXPECT_EQ(facts.stage, Stage::kDns);
  EXPECT_EQ(facts.host, "spacelet-doctor-test.invalid");
  EXPECT_NE(facts.error, "");
}

TEST(Reach, APortThatNobodyHasIsConnect) {
  const ReachFacts facts = Reach(absl::StrCat("https://127.0.0.1:", ClosedPort()), {});
  EXPECT_EQ(facts.stage, Stage::kConnect);
  EXPECT_THAT(facts.error, HasSubstr("refused"));
}

TEST(Reach, AServerThatSpeaksNoTlsIsTls) {
  const TcpServer server([](const TcpPeer& peer) { peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const ReachFacts facts = Reach(absl::StrCat("https://127.0.0.1:", server.port()), {});
  EXPECT_EQ(facts.stage, Stage::kTls);
  EXPECT_THAT(facts.error, HasSubstr("TLS handshake"));
}

TEST(Reach, AConnectionThatBreaksIsHttp) {
  const TcpServer server([](const TcpPeer& peer) { peer.ReadHeader(); });
  EXPECT_EQ(Reach(Url(server), {}).stage, Stage::kHttp);
}

TEST(Reach, WhatIsNoAddressIsSaid) { EXPECT_EQ(Reach("app.harness.io", {}).stage, Stage::kUrl); }

TEST(Reach, ToConnectIsEnoughForARegistry) {
  const TcpServer server;
  EXPECT_EQ(Reach(absl::StrCat("https://127.0.0.1:", server.port()), {.http = false}).stage, Stage::kDone);
}

TEST(Reach, AProxyIsAskedForTheWay) {
  std::string request;
  ReachFacts facts;
  {
    const TcpServer proxy([&](const TcpPeer& peer) {
      request = peer.ReadHeader();
      peer.Send("HTTP/1.1 200 Connection established\r\n\r\n");
    });
    facts = Reach("https://app.harness.io/x",
                  {.proxy = absl::StrCat("http://ann:secret@127.0.0.1:", proxy.port())});
  }
  EXPECT_EQ(facts.stage, Stage::kDone) << facts.error;
  EXPECT_THAT(request, HasSubstr("CONNECT app.harness.io:443 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n"));
  EXPECT_THAT(facts.proxy, Not(HasSubstr("secret")));
}

TEST(Reach, AProxyThatRefusesIsQuoted) {
  const TcpServer proxy(TcpServer::Answering("HTTP/1.1 403 Forbidden\r\n\r\n"));
  const ReachFacts facts = Reach("https://app.harness.io", {.proxy = Url(proxy)});
  EXPECT_EQ(facts.stage, Stage::kProxy);
  EXPECT_THAT(facts.error, HasSubstr("403 Forbidden"));
}

TEST(Reach, WhatIsExemptGoesDirectly) {
  const TcpServer server(TcpServer::Answering(kAnswer));
  const ReachFacts facts = Reach(Url(server), {.proxy = "http://127.0.0.1:1", .no_proxy = "x, 127.0.0.1"});
  EXPECT_EQ(facts.stage, Stage::kDone);
  EXPECT_EQ(facts.proxy, "");
}

TEST(IsExempt, KnowsHostsDomainsAndTheStar) {
  for (const char* list :
       {"*", "app.harness.io", ".harness.io", "harness.io", "*.harness.io", "a, HARNESS.io"})
    EXPECT_TRUE(IsExempt("app.harness.io", list)) << list;
  for (const char* list : {"", ",", "ness.io", "app.harness.io.example", "other"})
    EXPECT_FALSE(IsExempt("app.harness.io", list)) << list;
}

TEST(Resolve, ALiteralIsItself) {
  EXPECT_THAT(*http::Resolve("127.0.0.1", absl::Seconds(5)), ElementsAre("127.0.0.1"));
  EXPECT_THAT(*http::Resolve("::1", absl::Seconds(5)), ElementsAre("::1"));
}

}  // namespace
}  // namespace spacelet::doctor

#include "pkg/notify/receivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/testing/tcp_server.h"

namespace spacelet::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TcpPeer;
using testing::TcpServer;

class ReceiversTest : public ::testing::Test {
 protected:
  ReceiversTest() : directory_(::testing::TempDir() + "receivers_" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~ReceiversTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  absl::Status Run(const std::string& script, const std::stop_token& stop = {}) {
    const std::string path = Write("notify", "#!/bin/sh\n" + script);
    ::chmod(path.c_str(), 0700);
    return MakeCommand(path)->Deliver(R"({"key":"k"})", stop);
  }
  std::string Read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }

  const std::string directory_;
};

TEST_F(ReceiversTest, ACommandGetsTheJsonOnItsStandardInput) {
  EXPECT_EQ(Run("cat > " + directory_ + "/out; echo \"$#\" >> " + directory_ + "/out"), absl::OkStatus());
  EXPECT_EQ(Read("out"), "{\"key\":\"k\"}0\n");
}

TEST_F(ReceiversTest, ACommandThatReadsNothingIsFine) { EXPECT_EQ(Run("exit 0"), absl::OkStatus()); }

TEST_F(ReceiversTest, WhatACommandPrintsIsNotTold) {
  const absl::Status failed = Run("echo s3cret; echo s3cret >&2; exit 3");
  EXPECT_THAT(std::string(failed.message()), HasSubstr("notify: exit code 3"));
  EXPECT_THAT(std::string(failed.message()), Not(HasSubstr("s3cret")));
  EXPECT_FALSE(absl::IsFailedPrecondition(failed));
}

TEST_F(ReceiversTest, ACommandThatPrintsMegabytesIsEnded) { EXPECT_TRUE(absl::IsOutOfRange(Run("yes"))); }

TEST_F(ReceiversTest, ACommandThatHangsIsEndedWithTheAgent) {
  std::stop_source stop;
  std::jthread stopper([&] {
    while (Read("begun").empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_TRUE(absl::IsCancelled(Run("echo 1 > " + directory_ + "/begun; sleep 1000", stop.get_token())));
}

TEST_F(ReceiversTest, ACommandThatIsNotThereMayCome) {
  const absl::Status status = MakeCommand(directory_ + "/nothing")->Deliver("{}", {});
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

// ---- webhooks

class WebhookTest : public ReceiversTest {
 protected:
  absl::Status Post(const TcpServer& server, const std::string& path = "/hooks/T0P5ECRET?a=b",
                    const std::string& headers = "", const std::stop_token& stop = {}) {
    auto webhook = MakeWebhook(absl::StrCat("http://127.0.0.1:", server.port(), path), headers);
    return webhook.ok() ? (*webhook)->Deliver(R"({"key":"k"})", stop) : webhook.status();
  }
  // A server that answers with `status` and keeps what it was sent.
  TcpServer::Script Answering(const std::string& status) {
    return [this, status](const TcpPeer& peer) {
      request_ = peer.ReadHeader();
      peer.Send("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
  }
  std::string request_;
};

TEST_F(WebhookTest, GetsAPostOfJson) {
  {
    TcpServer server(Answering("204 No Content"));
    EXPECT_EQ(Post(server), absl::OkStatus());
  }
  EXPECT_THAT(request_, ::testing::StartsWith("POST /hooks/T0P5ECRET?a=b HTTP/1.1\r\n"));
  EXPECT_THAT(request_, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request_, HasSubstr("Content-Length: 11\r\n"));
}

TEST_F(WebhookTest, GetsTheHeadersOfTheFile) {
  const std::string file = Write("headers", "Authorization: Bearer t0ken\n\nX-Team:platform\n");
  {
    TcpServer server(Answering("200 OK"));
    EXPECT_EQ(Post(server, "/", file), absl::OkStatus());
  }
  EXPECT_THAT(request_, HasSubstr("Authorization: Bearer t0ken\r\n"));
  EXPECT_THAT(request_, HasSubstr("X-Team: platform\r\n"));
}

TEST_F(WebhookTest, ABadHeaderFileIsToldByItsLine) {
  const std::string file = Write("headers", "X: y\ns3cret\n");
  TcpServer server(Answering("200 OK"));
  const absl::Status status = Post(server, "/", file);
  EXPECT_THAT(std::string(status.message()), HasSubstr("headers:2: not a header"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
  EXPECT_TRUE(absl::IsNotFound(Post(server, "/", directory_ + "/nothing")));
}

TEST_F(WebhookTest, WhatIsRefusedIsNotTriedAgainAndWhatMayPassIs) {
  for (const auto& [answer, refused] :
       std::vector<std::pair<std::string, bool>>{{"400 Bad Request", true},
                                                 {"401 Unauthorized", true},
                                                 {"301 Moved Permanently", true},
                                                 {"408 Request Timeout", false},
                                                 {"429 Too Many Requests", false},
                                                 {"500 Oops", false},
                                                 {"503 Busy", false}}) {
    TcpServer server(Answering(answer));
    const absl::Status status = Post(server);
    EXPECT_FALSE(status.ok()) << answer;
    EXPECT_EQ(absl::IsFailedPrecondition(status), refused) << answer << ": " << status;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("T0P5ECRET")));
  }
}

TEST_F(WebhookTest, TroubleOnTheWayDoesNotTellThePath) {
  uint16_t port = 0;
  {
    TcpServer server(nullptr);
    port = server.port();
  }
  auto webhook = *MakeWebhook(absl::StrCat("http://127.0.0.1:", port, "/hooks/T0P5ECRET"), "");
  const absl::Status refused = webhook->Deliver("{}", {});
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("127.0.0.1:", port)));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("T0P5ECRET")));
}

TEST_F(WebhookTest, AHungReceiverIsLeftWhenTheAgentStops) {
  std::stop_source stop;
  TcpServer server([&](const TcpPeer& peer) {
    peer.ReadHeader();
    stop.request_stop();
    peer.WaitForClose();
  });
  EXPECT_TRUE(absl::IsCancelled(Post(server, "/", "", stop.get_token())));
}

TEST_F(WebhookTest, AnEndlessAnswerIsCut) {
  TcpServer server([](const TcpPeer& peer) {
    peer.ReadHeader();
    peer.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (peer.Send(std::string(4096, 'x'))) {
    }
  });
  EXPECT_TRUE(absl::IsOutOfRange(Post(server)));
}

TEST(Webhooks, UrlsThatCannotBeUsedAreRefusedWithoutBeingRepeated) {
  for (const char* url : {"", "alerts.example.com", "ftp://example.com/", "unix:///run/x.sock", "http://",
                          "https://user:s3cret@example.com/", "http://a b/s3cret"}) {
    const absl::Status status = MakeWebhook(url, "").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << url;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
  }
  for (const char* url : {"https://example.com", "https://example.com?x=y", "http://[::1]:80/a#b"})
    EXPECT_TRUE(MakeWebhook(url, "").ok()) << url;
}

}  // namespace
}  // namespace spacelet::notify

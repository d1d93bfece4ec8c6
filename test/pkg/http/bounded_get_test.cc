#include "pkg/http/bounded_get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "test/testing/tcp_server.h"

namespace spacelet::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TcpPeer;
using testing::TcpServer;

BoundedRequest To(const TcpServer& server) {
  return {.ip = "127.0.0.1", .port = server.port(), .target = "/metrics?x=1", .limits = {}};
}

TEST(BoundedGet, GetsAnAnswerOfAnyStatus) {
  std::string asked;
  TcpServer server([&](const TcpPeer& peer) {
    asked = peer.ReadHeader();
    peer.Send("HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\ndown");
  });
  const absl::StatusOr<Response> response = BoundedGet(To(server), {});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "down");
  EXPECT_THAT(asked, StartsWith("GET /metrics?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(asked, HasSubstr("Connection: close\r\n"));
}

TEST(BoundedGet, SaysWhatIsWrong) {
  struct Case {
    TcpServer::Script script;
    absl::StatusCode code;
    const char* message;
  };
  const Case cases[] = {
      {nullptr, absl::StatusCode::kDeadlineExceeded, "no answer in time"},
      {TcpServer::Answering(""), absl::StatusCode::kDataLoss, "closed without an answer"},
      {TcpServer::Answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), absl::StatusCode::kDataLoss,
       "closed in the middle"},
      {TcpServer::Answering("220 mail.example ESMTP\r\n\r\n"), absl::StatusCode::kDataLoss, "not HTTP"},
      {[](const TcpPeer& peer) {
         while (peer.Send("HTTP/1.1 200 OK\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) {
         }
       },
       absl::StatusCode::kOutOfRange, "header is larger than 32768 bytes"},
      {[](const TcpPeer& peer) {
         peer.Send("HTTP/1.1 200 OK\r\n\r\n");
         while (peer.Send("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) {
         }
       },
       absl::StatusCode::kOutOfRange, "body is larger than 65536 bytes"},
  };
  for (const Case& c : cases) {
    TcpServer server(c.script);
    const absl::Status status = BoundedGet(To(server), {}).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(std::string(status.message()),
                StartsWith(absl::StrCat("GET :", server.port(), "/metrics?x=1: ")));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

// A byte now and then keeps no connection open beyond the deadline.
TEST(BoundedGet, ADrippingAnswerEndsAtTheDeadline) {
  TcpServer server([](const TcpPeer& peer) {
    peer.Send("HTTP/1.1 200 OK\r\n");
    while (peer.Send("X: y\r\n")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  BoundedRequest request = To(server);
  request.deadline = absl::Milliseconds(200);
  EXPECT_EQ(BoundedGet(request, {}).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(BoundedGet, EndsAtStop) {
  std::stop_source stop;
  TcpServer server([&](const TcpPeer& peer) {
    peer.ReadHeader();
    stop.request_stop();
    peer.WaitForClose();
  });
  BoundedRequest request = To(server);
  request.deadline = absl::Hours(1);
  EXPECT_EQ(BoundedGet(request, stop.get_token()).status().code(), absl::StatusCode::kCancelled);
}

TEST(BoundedGet, SaysThatNobodyListens) {
  BoundedRequest request{.ip = "127.0.0.1", .target = "/", .limits = {}};
  {
    TcpServer server;
    request.port = server.port();
  }
  const absl::Status status = BoundedGet(request, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
}

TEST(BoundedGet, RefusesATargetThatIsNone) {
  for (const char* target : {"", "metrics", "/a b", "/a\r\nX: y"}) {
    const BoundedRequest request{.ip = "127.0.0.1", .port = 1, .target = target, .limits = {}};
    EXPECT_EQ(BoundedGet(request, {}).status().code(), absl::StatusCode::kInvalidArgument) << target;
  }
  const BoundedRequest request{.ip = "vm-runner", .port = 1, .target = "/", .limits = {}};
  EXPECT_EQ(BoundedGet(request, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spacelet::http

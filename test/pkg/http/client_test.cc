#include "pkg/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "pkg/http/resolve.h"
#include "test/testing/raw_server.h"
#include "test/testing/tcp_server.h"

namespace spacelet::http {
namespace {

using ::spacelet::testing::Answer;
using ::spacelet::testing::Chunk;
using ::spacelet::testing::Chunked;
using ::spacelet::testing::Peer;
using ::spacelet::testing::RawServer;
using ::testing::HasSubstr;
using ::testing::Not;

Client Connect(const RawServer& server) { return Client(*ParseEndpoint(server.url())); }

Request Get(const std::string& target) {
  Request request;
  request.target = target;
  return request;
}

CallOptions Within(absl::Duration deadline) {
  CallOptions options;
  options.deadline = deadline;
  return options;
}

TEST(Endpoint, IsParsed) {
  EXPECT_EQ(ParseEndpoint("unix:///run/docker.sock")->path, "/run/docker.sock");
  EXPECT_EQ(ParseEndpoint("tcp://10.0.0.1:2376")->port, 2376);
  EXPECT_EQ(ParseEndpoint("tcp://10.0.0.1")->port, 2375);
  EXPECT_EQ(ParseEndpoint("https://host:8443/")->kind, Endpoint::Kind::kTls);
  EXPECT_EQ(ParseEndpoint("http://[::1]:80")->host, "::1");
}

TEST(Endpoint, ThatIsWrongIsRefused) {
  for (const std::string url : {"", "unix://", "unix://relative", "tcp://", "tcp://host:0",
                                "tcp://host:99999", "ssh://host", "tcp://a b:1", "http://user@host:1"}) {
    EXPECT_EQ(ParseEndpoint(url).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
  EXPECT_FALSE(ParseEndpoint("unix:///" + std::string(120, 'x')).ok());
}

TEST(HostHeader, LeavesThePortOutWhereItIsTheSchemesOwn) {
  EXPECT_EQ(HostHeader(*ParseEndpoint("https://example.org")), "example.org");
  EXPECT_EQ(HostHeader(*ParseEndpoint("http://169.254.169.254")), "169.254.169.254");
  EXPECT_EQ(HostHeader(*ParseEndpoint("https://example.org:80")), "example.org:80");
  EXPECT_EQ(HostHeader(*ParseEndpoint("tcp://example.org")), "example.org:2375");
  EXPECT_EQ(HostHeader(*ParseEndpoint("http://[::1]:8080")), "[::1]:8080");
  EXPECT_EQ(HostHeader(*ParseEndpoint("unix:///a")), "docker");
}

TEST(PercentEncode, KeepsUnreservedOnly) {
  EXPECT_EQ(PercentEncode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(PercentEncode("../a b%\n"), "..%2Fa%20b%25%0A");
  EXPECT_EQ(PercentEncode("{\"\xc3\xa9\"}"), "%7B%22%C3%A9%22%7D");
}

TEST(Call, SendsAHostThatGoServersTakeAndClosesTheConnection) {
  RawServer server(
      RawServer::Answering([](const std::string&) { return Answer(200, "hello", "Api-Version: 1.41\r\n"); }));
  const auto response = Connect(server).Call(Get("/_ping"), Within(absl::Seconds(5)));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.at("api-version"), "1.41");
  EXPECT_THAT(server.requests().at(0), HasSubstr("GET /_ping HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Host: docker\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Connection: close\r\n"));
}

TEST(Call, TellsWhoListensOnAUnixSocket) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(200, "hello"); }));
  const auto response = Connect(server).Call(Get("/_ping"), Within(absl::Seconds(5)));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->listener_pid, getpid());
}

TEST(Call, SendsTheBodyWithItsType) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(201, "{}"); }));
  Request request = Get("/containers/create?name=a%20b");
  request.method = "POST";
  request.body = R"({"Image":"x"})";
  ASSERT_TRUE(Connect(server).Call(request, Within(absl::Seconds(5))).ok());
  EXPECT_THAT(server.requests().at(0), HasSubstr("POST /containers/create?name=a%20b HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("\r\n\r\n{\"Image\":\"x\"}"));
}

TEST(Call, StatusesWithoutABodyDoNotHang) {
  for (const int status : {204, 304}) {
    RawServer server([status](Peer& peer, const std::string&) {
      peer.Send(absl::StrCat("HTTP/1.1 ", status, " X\r\n\r\n"));
      peer.WaitForClose();
    });
    const auto response = Connect(server).Call(Get("/x"), Within(absl::Seconds(5)));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, status);
  }
}

TEST(Call, ChunkedBodiesAreJoined) {
  RawServer server(RawServer::Answering(
      [](const std::string&) { return Chunked(Chunk("ab") + Chunk("cde") + Chunk("")); }));
  const auto response = Connect(server).Call(Get("/x"), Within(absl::Seconds(5)));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "abcde");
}

TEST(Call, ABodyCutShortIsUnavailable) {
  for (const std::string& bytes :
       {std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]"), Chunked("5\r\nab"),
        Chunked(Chunk("[]")), std::string("HTTP/1.1 200 OK\r\nContent-"), std::string("HTTP/1."),
        std::string()}) {
    RawServer server(RawServer::Answering([&](const std::string&) { return bytes; }));
    const auto response = Connect(server).Call(Get("/containers/json"), Within(absl::Seconds(5)));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable) << bytes;
    EXPECT_THAT(std::string(response.status().message()), HasSubstr("GET /containers/json: "));
  }
}

TEST(Call, GarbageIsUnavailable) {
  RawServer server(
      RawServer::Answering([](const std::string&) { return std::string("\x15\x03\x01 no http\r\n\r\n"); }));
  EXPECT_EQ(Connect(server).Call(Get("/x"), Within(absl::Seconds(5))).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(Call, AStatusThatIsNoneIsUnavailable) {
  for (const char* status : {"000", "099", "600", "999"}) {
    RawServer server(RawServer::Answering([=](const std::string&) {
      return absl::StrCat("HTTP/1.1 ", status, " X\r\nContent-Length: 0\r\n\r\n");
    }));
    EXPECT_EQ(Connect(server).Call(Get("/x"), Within(absl::Seconds(5))).status().code(),
              absl::StatusCode::kUnavailable)
        << status;
  }
}

TEST(Call, ABodyOverItsCapEndsTheConnection) {
  const std::string megabyte(1 << 20, 'x');
  std::atomic<int> sent = 0;
  RawServer server([&](Peer& peer, const std::string& request) {
    peer.Send(absl::StrContains(request, "/declared")
                  ? "HTTP/1.1 200 OK\r\nContent-Length: 314572800\r\n\r\n"
                  : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (sent < 300 && peer.Send(Chunk(megabyte))) ++sent;
  });
  Client client = Connect(server);
  CallOptions options = Within(absl::Seconds(20));
  options.max_body_bytes = 2 << 20;
  for (const char* target : {"/declared", "/chunked"}) {
    sent = 0;
    EXPECT_EQ(client.Call(Get(target), options).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_LT(sent, 50) << target;
  }
}

TEST(Call, ADripOfBytesMeetsTheTotalDeadline) {
  RawServer server([](Peer& peer, const std::string&) {
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (peer.Send("x") && !peer.WaitForClose(20)) {
    }
  });
  const auto response = Connect(server).Call(Get("/x"), Within(absl::Milliseconds(200)));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Call, ADripOfHeaderBytesMeetsTheTotalDeadline) {
  RawServer server([](Peer& peer, const std::string&) {
    while (peer.Send("H") && !peer.WaitForClose(20)) {
    }
  });
  EXPECT_EQ(Connect(server).Call(Get("/x"), Within(absl::Milliseconds(200))).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(Call, ADaemonThatNeverAnswersMeetsTheDeadline) {
  RawServer server([](Peer& peer, const std::string&) { peer.WaitForClose(); });
  const auto response = Connect(server).Call(Get("/_ping"), Within(absl::Milliseconds(100)));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("within 100ms"));
}

TEST(Call, ManyCallsHaveDeadlinesOfTheirOwn) {
  RawServer server([](Peer& peer, const std::string& request) {
    if (absl::StrContains(request, "/hang")) peer.WaitForClose();
    peer.Send(Answer(200, "ok"));
  });
  Client client = Connect(server);
  std::vector<std::thread> hanging;
  for (int i = 0; i < 8; ++i) {
    hanging.emplace_back([&, i] {
      EXPECT_EQ(client.Call(Get("/hang"), Within(absl::Milliseconds(100 + 20 * i))).status().code(),
                absl::StatusCode::kDeadlineExceeded);
    });
  }
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(client.Call(Get("/fine"), Within(absl::Seconds(5))).ok());
  for (std::thread& thread : hanging) thread.join();
}

TEST(Call, StopEndsItAtOnce) {
  std::stop_source source;
  RawServer server([&](Peer& peer, const std::string&) {
    source.request_stop();
    peer.WaitForClose();
  });
  CallOptions options = Within(absl::InfiniteDuration());
  options.stop = source.get_token();
  EXPECT_EQ(Connect(server).Call(Get("/x"), options).status().code(), absl::StatusCode::kCancelled);
}

TEST(Call, AStopBeforeItSendsNothing) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(200, ""); }));
  std::stop_source source;
  source.request_stop();
  CallOptions options;
  options.stop = source.get_token();
  EXPECT_EQ(Connect(server).Call(Get("/x"), options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(server.requests().empty());
}

TEST(Call, AStopThatRacesWithTheConnectIsNeverLost) {
  RawServer server([](Peer& peer, const std::string&) { peer.WaitForClose(); });
  Client client = Connect(server);
  for (int i = 0; i < 200; ++i) {
    std::stop_source source;
    CallOptions options = Within(absl::Seconds(20));
    options.stop = source.get_token();
    std::thread stopper([&] { source.request_stop(); });
    const absl::Status status = client.Call(Get("/x"), options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
    stopper.join();
  }
}

// A daemon that does not accept, and as many clients before us as its backlog holds.
TEST(Call, ASocketWhoseBacklogIsFullIsUnavailableAndSaysSo) {
  const std::string path = absl::StrCat("/tmp/spacelet-backlog-", getpid(), ".sock");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, where, sizeof(address)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  std::vector<int> waiting;
  do {
    waiting.push_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  } while (connect(waiting.back(), where, sizeof(address)) == 0);
  EXPECT_EQ(errno, EAGAIN);

  Client client(*ParseEndpoint("unix://" + path));
  const auto status = client.Call(Get("/_ping"), CallOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("busy, its backlog is full"));
  for (const int fd : waiting) close(fd);
  close(listener);
  unlink(path.c_str());
}

TEST(Call, NoSocketIsUnavailableAndNamesThePathAndTheReason) {
  Client client(*ParseEndpoint("unix:///tmp/no-such-directory/docker.sock"));
  const auto status = client.Call(Get("/_ping"), CallOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/tmp/no-such-directory/docker.sock: No such file"));
}

void Echo(const testing::TcpPeer& peer) { peer.Send(Answer(200, peer.ReadHeader())); }

TEST(Call, ANameIsLookedUp) {
  const testing::TcpServer server(Echo);
  Client client(*ParseEndpoint(absl::StrCat("http://localhost:", server.port())));
  const auto response = client.Call(Get("/"), CallOptions());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->body, HasSubstr(absl::StrCat("Host: localhost:", server.port())));
}

TEST(Resolve, OfALiteralNobodyIsAsked) {
  for (const char* literal : {"192.0.2.7", "2001:db8::7", "fe80::1%lo"})
    EXPECT_THAT(*Resolve(literal, absl::ZeroDuration()), ::testing::ElementsAre(literal));
}

TEST(Resolve, TakesTheHostsFileAndPutsIpv4First) {
  const auto addresses = Resolve("localhost", absl::Seconds(60));
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_EQ(addresses->front(), "127.0.0.1");
}

TEST(Call, ARefusedTcpPortIsUnavailable) {
  Client client(*ParseEndpoint("tcp://127.0.0.1:1"));
  EXPECT_EQ(client.Call(Get("/"), CallOptions()).status().code(), absl::StatusCode::kUnavailable);
}

TEST(Call, ASocketWithoutPermissionIsPermissionDenied) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give up root";
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(200, ""); }));
  chmod(server.path().c_str(), 0600);
  ASSERT_EQ(seteuid(65534), 0);
  const auto status = Connect(server).Call(Get("/_ping"), CallOptions()).status();
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
}

TEST(Call, ControlCharactersAreRefusedBeforeAnythingIsSent) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(200, ""); }));
  Client client = Connect(server);
  for (const std::string target : {"", "x", "/a b", "/a\r\nX: y", "/a\n"}) {
    EXPECT_EQ(client.Call(Get(target), CallOptions()).status().code(), absl::StatusCode::kInvalidArgument)
        << target;
  }
  Request request = Get("/x");
  request.headers["X-Registry-Auth"] = "a\r\nInjected: yes";
  const auto status = client.Call(request, CallOptions()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Injected")));
  EXPECT_TRUE(server.requests().empty());
}

TEST(Stream, GivesChunksAsTheyComeAndSaysWhenItIsOpen) {
  std::atomic<bool> seen_first = false;
  RawServer server([&](Peer& peer, const std::string&) {
    peer.Send(Chunked(Chunk("one")));
    while (!seen_first) std::this_thread::yield();
    peer.Send(Chunk("two") + Chunk(""));
  });
  std::string body;
  int opened = 0;
  const auto response = Connect(server).Stream(
      Get("/events"), Within(absl::Seconds(10)), [&](int status) { opened = status; },
      [&](absl::string_view chunk) {
        body.append(chunk.data(), chunk.size());
        seen_first = true;
        return true;
      });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(opened, 200);
  EXPECT_EQ(body, "onetwo");
}

TEST(Stream, ACutStreamIsUnavailable) {
  RawServer server(RawServer::Answering([](const std::string&) { return Chunked(Chunk("one")); }));
  const auto response =
      Connect(server).Stream(Get("/events"), CallOptions(), nullptr, [](absl::string_view) { return true; });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
}

TEST(Stream, HasToOpenInTimeAndMayThenBeSilentForLonger) {
  RawServer server([](Peer& peer, const std::string& request) {
    if (absl::StrContains(request, "/opens")) {
      peer.Send(Chunked(""));
      if (!peer.WaitForClose(1500)) peer.Send(Chunk("late") + Chunk(""));
    }
    peer.WaitForClose();
  });
  CallOptions options = Within(absl::InfiniteDuration());
  const auto ignore = [](absl::string_view) { return true; };
  options.opening = absl::Seconds(1);
  EXPECT_TRUE(Connect(server).Stream(Get("/opens"), options, nullptr, ignore).ok());
  options.opening = absl::Milliseconds(100);
  const auto never = Connect(server).Stream(Get("/hangs"), options, nullptr, ignore);
  EXPECT_EQ(never.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(never.status().message()), HasSubstr("/hangs: no answer within 100ms"));
}

TEST(Stream, FalseEndsItWithOk) {
  RawServer server([](Peer& peer, const std::string&) {
    peer.Send(Chunked(Chunk("one")));
    peer.WaitForClose();
  });
  const auto response = Connect(server).Stream(Get("/x"), Within(absl::Seconds(10)), nullptr,
                                               [](absl::string_view) { return false; });
  EXPECT_TRUE(response.ok()) << response.status();
}

TEST(Stream, AnErrorStatusHasABodyAndNoChunks) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(404, "no such image"); }));
  const auto response = Connect(server).Stream(Get("/x"), CallOptions(), nullptr, [](absl::string_view) {
    ADD_FAILURE();
    return true;
  });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no such image");
}

TEST(Stream, SilenceEndsItButEveryByteGrantsMore) {
  RawServer server([](Peer& peer, const std::string&) {
    peer.Send(Chunked(""));
    for (int i = 0; i < 10; ++i) {
      peer.Send(Chunk("x"));
      if (peer.WaitForClose(200)) return;
    }
    peer.WaitForClose();
  });
  CallOptions options = Within(absl::InfiniteDuration());
  options.inactivity = absl::Milliseconds(1500);
  std::string body;
  const auto response = Connect(server).Stream(Get("/pull"), options, nullptr, [&](absl::string_view chunk) {
    body.append(chunk.data(), chunk.size());
    return true;
  });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("silent for 1.5s"));
  EXPECT_EQ(body, "xxxxxxxxxx");
}

TEST(Upload, SendsTheBodyPieceByPiece) {
  RawServer server(RawServer::Answering([](const std::string&) { return Answer(200, "{}"); }));
  Request request = Get("/images/load");
  request.method = "POST";
  request.content_type = "application/x-tar";
  const std::string data(200000, 'd');
  const auto response = Connect(server).Upload(request, CallOptions(), data.size(),
                                               [&](uint64_t at) { return data.substr(at, 65536); });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Length: 200000\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("\r\n\r\n" + data));
}

TEST(Upload, AnErrorOfTheSourceIsTheCallsError) {
  RawServer server([](Peer& peer, const std::string&) { peer.WaitForClose(); });
  Request request = Get("/images/load");
  request.method = "POST";
  const auto response = Connect(server).Upload(request, CallOptions(), 10, [](uint64_t) {
    return absl::StatusOr<std::string>(absl::NotFoundError("gone"));
  });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace spacelet::http

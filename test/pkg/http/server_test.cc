#include "pkg/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/pkg/http/patient.h"
#include "test/testing/temporary.h"

namespace spacelet::http {
namespace {

// A client without manners: sends what it is told, reads until the server closes.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  bool Send(const std::string& bytes) const {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void SayNoMore() const { shutdown(fd_, SHUT_WR); }
  // Up to the end, or until `enough` is in what was read.
  std::string Read(const std::string& enough = "") const {
    std::string all;
    char buffer[65536];
    while (enough.empty() || !absl::StrContains(all, enough)) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }

 private:
  int fd_;
  bool connected_ = false;
};

ServerResponse Echo(const ServerRequest& request) {
  if (request.path == "/headers") {
    ServerResponse response;
    response.body = request.headers.at("accept");
    response.headers = {{"Retry-After", "30"}};
    return response;
  }
  if (request.path == "/throw") throw std::runtime_error("secret detail");
  ServerResponse response;
  response.body = request.path == "/big" ? std::string(64 << 20, 'x') : request.path + "\n";
  if (request.path == "/count") {
    response.body = "0\n";
    response.more = [n = 0]() mutable -> std::optional<std::string> {
      return ++n > 3 ? std::nullopt : std::optional(n == 2 ? "" : absl::StrCat(n, "\n"));
    };
  }
  if (request.path == "/later")
    response.later = [n = 0]() mutable -> std::optional<ServerResponse> {
      ServerResponse late;
      late.body = "late\n";
      return ++n > 3 ? std::optional(late) : std::nullopt;
    };
  if (request.path == "/never") response.later = [] { return std::optional<ServerResponse>(); };
  if (request.path == "/later-throw")
    response.later = []() -> std::optional<ServerResponse> { throw std::runtime_error("secret detail"); };
  if (request.path == "/local") response.body = request.local ? "local\n" : "remote\n";
  if (request.path == "/forever") response.more = [] { return std::optional<std::string>(""); };
  return response;
}

class ServerTest : public ::testing::Test {
 protected:
  explicit ServerTest(ServerLimits limits = Patient()) {
    auto server = Server::Bind({"127.0.0.1:0", {"agent.example"}, limits}, Echo);
    server_ = *std::move(server);
    thread_ = std::jthread([this](const std::stop_token& stop) { server_->Run(stop).IgnoreError(); });
  }
  ~ServerTest() override {
    thread_.request_stop();
    thread_.join();
  }
  int port() const { return server_->port(); }
  std::string Ask(const std::string& request) const {
    const RawClient client(port());
    client.Send(request);
    return client.Read();
  }
  std::string Get(const std::string& path, const std::string& host = "localhost") const {
    return Ask(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
  }

  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

TEST_F(ServerTest, AnswersAGetWithBodyAndDefensiveHeaders) {
  const std::string answer = Get("/hello");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n/hello\n")) << answer;
  for (const char* header :
       {"Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Content-Length: 7"})
    EXPECT_TRUE(absl::StrContains(answer, header)) << answer;
  EXPECT_FALSE(absl::StrContains(answer, "Access-Control")) << answer;
}

TEST_F(ServerTest, AHandlerReadsHeadersAndAddsSome) {
  const std::string answer = Ask("GET /headers HTTP/1.1\r\nHost: localhost\r\nACCEPT: text/html\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(answer, "\r\nRetry-After: 30\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\ntext/html")) << answer;
}

TEST_F(ServerTest, AnswersAHeadWithTheLengthAndWithoutTheBody) {
  const std::string answer = Ask("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(answer, "Content-Length: 7")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n")) << answer;
}

TEST_F(ServerTest, RefusesAnotherMethodAndNamesTheAllowedOnes) {
  const std::string answer = Ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 405 ")) << answer;
  EXPECT_TRUE(absl::StrContains(answer, "Allow: GET, HEAD")) << answer;
}

TEST_F(ServerTest, MayBeCalledByAddressLocalhostMachineNameAndAllowedNames) {
  char machine[256] = "";
  ASSERT_EQ(gethostname(machine, sizeof machine - 1), 0);
  for (const std::string host :
       {"127.0.0.1", "[::1]:9746", "LOCALHOST:1", "agent.example:80", static_cast<const char*>(machine)})
    EXPECT_TRUE(absl::StartsWith(Get("/", host), "HTTP/1.1 200 ")) << host;
}

TEST_F(ServerTest, AnswersAForeignHostNameWith421AndNamesTheFlag) {
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", ""}) {
    const std::string answer = Get("/", host);
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 421 ")) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "--allowed-host")) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "evil")) << answer;
  }
}

TEST_F(ServerTest, HidesTheTextOfAnException) {
  const std::string answer = Get("/throw");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 500 ")) << answer;
  EXPECT_FALSE(absl::StrContains(answer, "secret")) << answer;
}

TEST_F(ServerTest, GivesUpOnAHeaderThatIsTooLargeAndStillSendsTheReason) {
  const std::string answer = Ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(200'000, 'a'));
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 431 ")) << answer.substr(0, 200);
}

TEST_F(ServerTest, AnswersOnlyTheFirstOfPipelinedRequests) {
  const std::string one = "GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string answer = Ask(one + "GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(answer, "/one\n")) << answer;
  EXPECT_FALSE(absl::StrContains(answer, "/two")) << answer;
}

TEST_F(ServerTest, ReadsAHeaderThatComesByteByByte) {
  const RawClient client(port());
  for (const char c : std::string("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    client.Send(std::string(1, c));
  EXPECT_TRUE(absl::EndsWith(client.Read(), "/slow\n"));
}

TEST_F(ServerTest, SendsALargeBodyWhole) {
  const std::string answer = Get("/big");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 64u << 20);
}

TEST_F(ServerTest, StreamsInChunksUntilTheSourceEnds) {
  const std::string answer = Get("/count");
  EXPECT_TRUE(absl::StrContains(answer, "Transfer-Encoding: chunked\r\n")) << answer;
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n2\r\n0\n\r\n2\r\n1\n\r\n2\r\n3\n\r\n0\r\n\r\n")) << answer;
}

TEST_F(ServerTest, StreamsToAnOldClientUntilClose) {
  const std::string answer = Ask("GET /count HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n0\n1\n3\n")) << answer;
}

TEST_F(ServerTest, AnswersWhenTheAnswerIsKnownAtLast) {
  EXPECT_TRUE(absl::EndsWith(Get("/later"), "\r\n\r\nlate\n"));
  const std::string head = Ask("HEAD /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(head, "Content-Length: 5")) << head;
  EXPECT_TRUE(absl::EndsWith(head, "\r\n\r\n")) << head;
}

TEST_F(ServerTest, AnswersLaterAlsoWhoHasSaidEverythingAndClosedItsSide) {
  const RawClient client(port());
  client.Send("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.SayNoMore();
  EXPECT_TRUE(absl::EndsWith(client.Read(), "late\n"));
}

TEST_F(ServerTest, HidesTheTextOfAnExceptionThatComesLater) {
  const std::string answer = Get("/later-throw");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 500 ")) << answer;
  EXPECT_FALSE(absl::StrContains(answer, "secret")) << answer;
}

TEST_F(ServerTest, AnswersOthersWhileSomeWaitForTheirAnswers) {
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 64; ++i) {
    waiting.push_back(std::make_unique<RawClient>(port()));
    waiting.back()->Send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_TRUE(absl::StartsWith(Get("/livez"), "HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesATakenPort) {
  const auto second = Server::Bind({absl::StrCat("127.0.0.1:", port()), {}, {}}, Echo);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat(port()))) << second.status();
}

TEST(Server, SaysWhatIsWrongWithAListenAddress) {
  for (const char* address :
       {"", "9746", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "::1:9746"}) {
    const auto server = Server::Bind({address, {}, {}}, Echo);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

TEST(Server, TakesAPortAgainRightAfterItWasUsed) {
  int port = 0;
  {
    auto first = Server::Bind({"127.0.0.1:0", {}, {}}, Echo);
    ASSERT_TRUE(first.ok());
    port = (*first)->port();
    std::jthread thread([&](const std::stop_token& stop) { (*first)->Run(stop).IgnoreError(); });
    const RawClient client(port);
    client.Send("GET / HTTP/1.0\r\n\r\n");
    client.Read();
  }
  EXPECT_TRUE(Server::Bind({absl::StrCat("127.0.0.1:", port), {}, {}}, Echo).ok());
}

TEST_F(ServerTest, AnswersWhile200ClientsHangOn) {
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(slow.back()->connected());
    slow.back()->Send("GET /never HTTP/1.1\r\nHost: lo");
  }
  EXPECT_TRUE(absl::StartsWith(Get("/livez"), "HTTP/1.1 200 "));
}

TEST_F(ServerTest, PrefersANewRequestToStreamsThatSayNothing) {
  std::vector<std::unique_ptr<RawClient>> streams;
  for (int i = 0; i < 64; ++i) {
    streams.push_back(std::make_unique<RawClient>(port()));
    streams.back()->Send("GET /forever HTTP/1.1\r\nHost: localhost\r\n\r\n");
    streams.back()->Read("/forever\n");
  }
  EXPECT_TRUE(absl::StartsWith(Get("/livez"), "HTTP/1.1 200 "));
}

class ImpatientServerTest : public ServerTest {
 protected:
  ImpatientServerTest() : ServerTest(Impatient()) {}
  static ServerLimits Impatient() {
    ServerLimits limits;
    limits.header_deadline = absl::Milliseconds(200);
    limits.write_deadline = absl::Milliseconds(200);
    limits.later_deadline = absl::Milliseconds(200);
    return limits;
  }
};

TEST_F(ImpatientServerTest, EndsAConnectionWhoseHeaderDoesNotComeInTime) {
  const std::string answer = Ask("GET / HTTP/1.1\r\nHost: lo");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 408 ")) << answer;
}

TEST_F(ImpatientServerTest, GivesUpOnAnAnswerThatIsNotKnownInTime) {
  const std::string answer = Get("/never");
  EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 503 ")) << answer;
}

TEST_F(ImpatientServerTest, CutsOffAReaderThatDoesNotRead) {
  const RawClient client(port());
  client.Send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // Another connection that is told the time by its own deadline: when it ends, the first one's deadline is
  // over too.
  Ask("GET / HTTP/1.1\r\nHost: lo");
  EXPECT_LT(client.Read().size(), 64u << 20);
}

class SocketServerTest : public ::testing::Test {
 protected:
  SocketServerTest() { Start(); }
  ~SocketServerTest() override {
    Stop();
    unlink(path_.c_str());
  }
  void Start() {
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.socket_path = path_;
    server_ = *Server::Bind(std::move(options), Echo);
    thread_ = std::jthread([this](const std::stop_token& stop) { server_->Run(stop).IgnoreError(); });
  }
  void Stop() {
    thread_ = std::jthread();
    server_.reset();
  }
  std::string Get(const std::string& host) const {
    const RawClient client(path_);
    client.Send(absl::StrCat("GET /local HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
    return client.Read();
  }

  const std::string path_ = testing::TemporaryPath("server.sock");
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

TEST_F(SocketServerTest, AnswersOnThisMachineUnderAnyName) {
  ASSERT_TRUE(server_->socket_status().ok()) << server_->socket_status();
  EXPECT_TRUE(absl::EndsWith(Get("docker"), "\r\n\r\nlocal\n")) << Get("docker");
  const RawClient remote(server_->port());
  remote.Send("GET /local HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(remote.Read(), "remote\n"));
}

TEST_F(SocketServerTest, LetsOwnerAndGroupInAndNobodyElse) {
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0660u);
}

TEST_F(SocketServerTest, TakesItsSocketAwayAndThePlaceOfOneThatWasLeft) {
  Stop();
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(left);
  Start();
  EXPECT_TRUE(absl::EndsWith(Get("any"), "local\n"));
}

TEST_F(SocketServerTest, LeavesAFileThatIsNoSocketAndServesByTcpAllTheSame) {
  Stop();
  fclose(fopen(path_.c_str(), "w"));
  Start();
  EXPECT_EQ(server_->socket_status().code(), absl::StatusCode::kFailedPrecondition)
      << server_->socket_status();
  const RawClient remote(server_->port());
  remote.Send("GET /local HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(remote.Read(), "remote\n"));
  Stop();
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST(SocketServer, SaysThatAPathIsTooLong) {
  ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  options.socket_path = "/tmp/" + std::string(120, 'x');
  const auto server = Server::Bind(std::move(options), Echo);
  ASSERT_TRUE(server.ok());
  EXPECT_EQ((*server)->socket_status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spacelet::http

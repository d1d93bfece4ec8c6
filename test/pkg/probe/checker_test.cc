#include "pkg/probe/checker.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "pkg/base/unique_fd.h"
#include "test/testing/fake_docker.h"

namespace spacelet::probe {
namespace {

// A listening socket on loopback that answers each connection with `answer`; null: it is only listened on.
class Listener {
 public:
  explicit Listener(const char* answer = nullptr) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 8), 0);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (answer != nullptr) thread_ = std::jthread([this, answer] { Serve(answer); });
  }
  ~Listener() { ::shutdown(fd_.get(), SHUT_RDWR); }
  uint16_t port() const { return port_; }

 private:
  void Serve(const std::string& answer) {
    for (;;) {
      const base::UniqueFd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer.valid()) return;
      char request[4096];
      if (::recv(peer.get(), request, sizeof(request), 0) <= 0) continue;
      ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  base::UniqueFd fd_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

class CheckerTest : public ::testing::Test {
 protected:
  absl::Status Check(const api::Probe& probe) { return checker_.Check(target_, probe, {}); }
  static api::Probe Http(uint16_t port) {
    api::Probe probe;
    probe.handler = api::Probe::HttpGet{"/healthz", port};
    return probe;
  }

  testing::FakeDocker docker_;
  HostChecker checker_{docker_, docker_};
  Target target_{.id = "1", .ip = "127.0.0.1"};
};

TEST_F(CheckerTest, HttpSucceedsFrom200To399) {
  struct Case {
    const char* answer;
    bool success;
  };
  const Case cases[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
                        {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", true},
                        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false},
                        {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false}};
  for (const Case& c : cases) {
    Listener listener(c.answer);
    EXPECT_EQ(Check(Http(listener.port())).ok(), c.success) << c.answer;
  }
}

TEST_F(CheckerTest, A404CountsAsReadyWhereTheProbeSaysSo) {
  Listener listener("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  api::Probe probe = Http(listener.port());
  probe.not_found_is_ready = true;
  EXPECT_TRUE(Check(probe).ok());
}

TEST_F(CheckerTest, AServerThatNeverAnswersIsATimeout) {
  Listener listener;
  EXPECT_FALSE(Check(Http(listener.port())).ok());
}

TEST_F(CheckerTest, AContainerWithoutAnAddressIsNotReady) {
  target_.ip.clear();
  EXPECT_FALSE(Check(Http(80)).ok());
}

TEST_F(CheckerTest, TcpConnects) {
  uint16_t closed;
  api::Probe probe;
  {
    Listener listener;
    closed = listener.port();
    probe.handler = api::Probe::TcpSocket{listener.port()};
    EXPECT_TRUE(Check(probe).ok());
  }
  probe.handler = api::Probe::TcpSocket{closed};
  EXPECT_EQ(Check(probe).code(), absl::StatusCode::kUnavailable);
}

TEST_F(CheckerTest, AStoppedConnectIsCancelled) {
  std::stop_source stop;
  stop.request_stop();
  // TEST-NET-1 is routed nowhere; whatever the kernel says, the call comes back at once and is no success.
  EXPECT_FALSE(TcpConnect("192.0.2.1", 9, absl::Seconds(30), stop.get_token()).ok());
}

TEST_F(CheckerTest, ExecAndDockerHealthAskTheDaemon) {
  docker_.World([](testing::FakeEngine& engine) {
    testing::ImageProfile profile;
    profile.health = "healthy";
    engine.Seed("web:1", profile);
    docker::CreateContainerRequest request;
    request.name = "web";
    request.config.image = "web:1";
    return engine.CreateContainer(request).ok() && engine.Start("web").ok();
  });
  target_.id = docker_.Containers().front().id;
  api::Probe probe;
  probe.handler = api::Probe::DockerHealth{};
  EXPECT_TRUE(Check(probe).ok());
  docker_.World([](testing::FakeEngine& engine) { return engine.SetHealth("web", "unhealthy").ok(); });
  EXPECT_EQ(Check(probe).message(), "Docker health: unhealthy");
  probe.handler = api::Probe::Exec{{"true"}};
  EXPECT_TRUE(Check(probe).ok());
}

}  // namespace
}  // namespace spacelet::probe

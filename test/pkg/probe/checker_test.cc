#include "pkg/probe/checker.h"

#include <gtest/gtest.h>

#include <string>

#include "test/testing/fake_docker.h"
#include "test/testing/tcp_server.h"

namespace spacelet::probe {
namespace {

using testing::TcpServer;

class CheckerTest : public ::testing::Test {
 protected:
  absl::Status Check(const api::Probe& probe) { return checker_.Check(target_, probe, {}); }
  static api::Probe Http(uint16_t port) {
    api::Probe probe;
    probe.handler = api::Probe::HttpGet{"/healthz", port};
    return probe;
  }

  testing::FakeDocker docker_;
  HostChecker checker_{docker_};
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
    TcpServer listener(TcpServer::Answering(c.answer));
    EXPECT_EQ(Check(Http(listener.port())).ok(), c.success) << c.answer;
  }
}

TEST_F(CheckerTest, A404CountsAsReadyWhereTheProbeSaysSo) {
  TcpServer listener(TcpServer::Answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  api::Probe probe = Http(listener.port());
  probe.not_found_is_ready = true;
  EXPECT_TRUE(Check(probe).ok());
}

TEST_F(CheckerTest, AServerThatNeverAnswersIsATimeout) {
  TcpServer listener;
  EXPECT_FALSE(Check(Http(listener.port())).ok());
}

TEST_F(CheckerTest, AContainerWithoutAnAddressCannotAnswer) {
  target_.ip.clear();
  api::Probe probe = Http(80);
  EXPECT_EQ(Check(probe).code(), absl::StatusCode::kFailedPrecondition);
  probe.handler = api::Probe::TcpSocket{80};
  EXPECT_EQ(Check(probe).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckerTest, TcpConnects) {
  uint16_t closed;
  api::Probe probe;
  {
    TcpServer listener;
    closed = listener.port();
    probe.handler = api::Probe::TcpSocket{listener.port()};
    EXPECT_TRUE(Check(probe).ok());
  }
  probe.handler = api::Probe::TcpSocket{closed};
  EXPECT_EQ(Check(probe).code(), absl::StatusCode::kUnavailable);
}

TEST_F(CheckerTest, ACheckEndsAtStop) {
  std::stop_source stop;
  stop.request_stop();
  TcpServer listener;
  api::Probe probe = Http(listener.port());
  probe.timeout_seconds = 3600;
  EXPECT_EQ(checker_.Check(target_, probe, stop.get_token()).code(), absl::StatusCode::kCancelled);
}

// The body says nothing: neither its length nor its end matters.
TEST_F(CheckerTest, AnEndlessBodyIsASuccessAndEndlessHeadersAreAFailure) {
  const auto endless = [](const std::string& begin) {
    return [begin](const testing::TcpPeer& peer) {
      peer.ReadHeader();
      peer.Send(begin);
      while (peer.Send("X-Very: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")) {
      }
    };
  };
  TcpServer body(endless("HTTP/1.1 200 OK\r\n\r\n")), headers(endless("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(Check(Http(body.port())).ok());
  EXPECT_EQ(Check(Http(headers.port())).code(), absl::StatusCode::kOutOfRange);
}

TEST_F(CheckerTest, SamplesAMetric) {
  struct Case {
    std::string answer;
    absl::StatusCode code;
    double tasks;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Case cases[] = {
      {ok + "a\r\nrunning 4\n\r\n0\r\n\r\n", absl::StatusCode::kOk, 4},
      {ok + "8\r\nother 4\n\r\n0\r\n\r\n", absl::StatusCode::kNotFound, 0},
      {"HTTP/1.1 404 Not Found\r\n\r\nrunning 4\n", absl::StatusCode::kNotFound, 0},
      {"HTTP/1.1 503 X\r\n\r\nrunning 4\n", absl::StatusCode::kUnavailable, 0},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(2 << 20, '\n'), absl::StatusCode::kOutOfRange, 0},
      {"", absl::StatusCode::kDataLoss, 0}};
  for (const Case& c : cases) {
    TcpServer server(TcpServer::Answering(c.answer));
    const auto sample = checker_.Sample(target_, {server.port(), "/metrics", "running"}, {});
    EXPECT_EQ(sample.status().code(), c.code) << sample.status();
    EXPECT_EQ(sample.value_or(0), c.tasks);
  }
}

// Asks a fake daemon with one container, web.
class DaemonCheckerTest : public CheckerTest {
 protected:
  DaemonCheckerTest() {
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
  }
  absl::Status CheckExec() {
    api::Probe probe;
    probe.handler = api::Probe::Exec{{"/bin/check", "-v"}};
    return Check(probe);
  }
  void ExecFailsWith(const absl::Status& status) { docker_.Inject({.operation = "Exec", .status = status}); }
};

TEST_F(DaemonCheckerTest, DockersHealthCheckHasThreeVerdicts) {
  api::Probe probe;
  probe.handler = api::Probe::DockerHealth{};
  EXPECT_TRUE(Check(probe).ok());
  struct Case {
    const char *health, *message;
    absl::StatusCode code;
  };
  for (const Case& c : {Case{"unhealthy", "Docker health: unhealthy", absl::StatusCode::kUnavailable},
                        Case{"starting", "Docker health: starting", absl::StatusCode::kFailedPrecondition},
                        Case{"", "the image has no health check", absl::StatusCode::kFailedPrecondition}}) {
    docker_.World([&](testing::FakeEngine& engine) { return engine.SetHealth("web", c.health).ok(); });
    EXPECT_EQ(Check(probe).message(), c.message);
    EXPECT_EQ(Check(probe).code(), c.code);
  }
}

TEST_F(DaemonCheckerTest, ACommandIsJudgedByItsExitCodeAndItsTime) {
  EXPECT_TRUE(CheckExec().ok());
  ExecFailsWith(absl::DeadlineExceededError("POST /exec/…/start: no complete answer within 1s"));
  EXPECT_EQ(CheckExec().message(), "exec /bin/check: has not ended in time");
  ExecFailsWith(absl::InvalidArgumentError("no such file"));
  EXPECT_EQ(CheckExec().message(), "exec /bin/check: no such file");
}

TEST_F(DaemonCheckerTest, ADaemonThatDoesNotAnswerIsNobodysFailure) {
  ExecFailsWith(absl::UnavailableError("refused"));
  EXPECT_EQ(CheckExec().code(), absl::StatusCode::kUnknown);
  docker_.Inject({.operation = "InspectContainer", .status = absl::DeadlineExceededError("hangs")});
  api::Probe probe;
  probe.handler = api::Probe::DockerHealth{};
  EXPECT_EQ(Check(probe).code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace spacelet::probe

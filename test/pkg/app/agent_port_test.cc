#include "pkg/app/agent_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

using http::Endpoint;
using ::testing::HasSubstr;

TEST(FindAgent, UnderstandsEveryKindOfAddress) {
  struct Case {
    std::string url;
    Endpoint::Kind kind;
    std::string host;
    int port;
  };
  for (const Case& c : std::vector<Case>{
           {"127.0.0.1:9746", Endpoint::Kind::kTcp, "127.0.0.1", 9746},
           {"http://[::1]:9746", Endpoint::Kind::kTcp, "::1", 9746},
           {"https://gitspaces-1:9746", Endpoint::Kind::kTls, "gitspaces-1", 9746},
           {"https://gitspaces-1", Endpoint::Kind::kTls, "gitspaces-1", 443},
           {"unix:///run/other.sock", Endpoint::Kind::kUnix, "", 0},
       }) {
    const auto port = FindAgent({.url = c.url});
    ASSERT_TRUE(port.ok()) << c.url << " " << port.status();
    EXPECT_EQ(port->endpoint.kind, c.kind) << c.url;
    EXPECT_EQ(port->endpoint.host, c.host) << c.url;
    EXPECT_EQ(port->endpoint.port, c.port) << c.url;
    EXPECT_EQ(port->authorization, "") << c.url;
  }
}

TEST(FindAgent, SaysWhatItCannotUnderstand) {
  struct Case {
    AgentAddress address;
    std::string says;
  };
  for (const Case& c : std::vector<Case>{
           {{.url = "gopher://x"}, "expected HOST:PORT, https://HOST:PORT or unix:///PATH"},
           {{.url = "a b:1"}, "expected HOST:PORT"},
           {{.url = "h:1", .user = "ann"}, "--user and --password-file belong together"},
           {{.url = "h:1", .password_file = "/x"}, "--user and --password-file belong together"},
           {{.url = "h:1", .cert_file = "/x"}, "--cert-file and --key-file belong together"},
       }) {
    const auto port = FindAgent(c.address);
    EXPECT_EQ(port.status().code(), absl::StatusCode::kInvalidArgument) << c.says;
    EXPECT_THAT(std::string(port.status().message()), HasSubstr(c.says));
  }
}

TEST(FindAgent, SendsThePasswordOfTheFileWithoutItsLastNewline) {
  const std::string path = testing::TemporaryPath("password");
  std::ofstream(path) << "secret\n";
  const auto port = FindAgent({.url = "h:1", .user = "ann", .password_file = path});
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_EQ(RequestTo(*port, "/x").headers.at("Authorization"), "Basic YW5uOnNlY3JldA==");
  EXPECT_FALSE(FindAgent({.url = "h:1", .user = "ann", .password_file = path + ".none"}).ok());
}

TEST(CheckAnswer, SaysWhoWasAskedAndWhatToDo) {
  AgentPort port;
  port.name = "h:1";
  const auto answer = [](int status, const std::string& body) {
    http::Response response;
    response.status = status;
    response.body = body;
    return absl::StatusOr<http::Response>(response);
  };
  EXPECT_TRUE(CheckAnswer(port, answer(200, "")).ok());
  EXPECT_THAT(std::string(CheckAnswer(port, answer(401, "")).message()),
              HasSubstr("the agent at h:1 wants a user and password: --user NAME --password-file FILE"));
  port.authorization = "Basic x";
  EXPECT_THAT(std::string(CheckAnswer(port, answer(401, "")).message()), HasSubstr("wants another user"));
  EXPECT_THAT(std::string(CheckAnswer(port, answer(400, "this port speaks HTTPS\n")).message()),
              HasSubstr("(status 400: this port speaks HTTPS"));
  port.hint = "; try sudo";
  EXPECT_THAT(std::string(CheckAnswer(port, absl::UnavailableError("refused")).message()),
              HasSubstr("--address names another address; try sudo"));
}

}  // namespace
}  // namespace spacelet::app

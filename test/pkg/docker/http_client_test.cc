#include "pkg/docker/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "test/testing/raw_server.h"

namespace spacelet::docker {
namespace {

using ::spacelet::testing::Answer;
using ::spacelet::testing::Chunk;
using ::spacelet::testing::Chunked;
using ::spacelet::testing::Peer;
using ::spacelet::testing::RawServer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A daemon that introduces itself and answers the rest from a table of "VERB /path" (without version and
// query).
class Daemon {
 public:
  Daemon() : server_([this](Peer& peer, const std::string& request) { Serve(peer, request); }) {}

  void On(const std::string& what, RawServer::Script script) {
    std::lock_guard<std::mutex> lock(mu_);
    scripts_[what] = std::move(script);
  }
  void Answers(const std::string& what, const std::string& bytes) {
    On(what, [bytes](Peer& peer, const std::string&) { peer.Send(bytes); });
  }
  // `others`: more lines of the ping's header.
  void SetApi(const std::string& newest, const std::string& others = "") {
    std::lock_guard<std::mutex> lock(mu_);
    ping_headers_ = absl::StrCat(newest.empty() ? "" : absl::StrCat("Api-Version: ", newest, "\r\n"), others);
  }
  HttpClient Connect(HttpClientOptions options = {}) {
    return HttpClient(*http::ParseEndpoint(server_.url()), std::move(options));
  }
  // The first lines of the requests that were no ping, with version and query.
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const std::string& request : server_.requests()) {
      const std::string line = request.substr(0, request.find(" HTTP"));
      if (!absl::StrContains(line, "/_ping")) out.push_back(line);
    }
    return out;
  }
  std::vector<std::string> requests() const { return server_.requests(); }

 private:
  void Serve(Peer& peer, const std::string& request) {
    const std::vector<std::string> words = absl::StrSplit(request.substr(0, request.find("\r\n")), ' ');
    std::string path = words.at(1).substr(0, words.at(1).find('?'));
    if (absl::StartsWith(path, "/v1.")) path = path.substr(path.find('/', 1));
    std::unique_lock<std::mutex> lock(mu_);
    if (path == "/_ping") {
      peer.Send(Answer(200, "OK", ping_headers_));
    } else {
      const auto found = scripts_.find(absl::StrCat(words.at(0), " ", path));
      // A copy: the test may give another one while the last bytes of this one are still being sent.
      const RawServer::Script script = found == scripts_.end() ? nullptr : found->second;
      lock.unlock();
      if (script == nullptr) {
        peer.Send(Answer(404, R"({"message":"page not found"})"));
      } else {
        script(peer, request);
      }
    }
  }

  std::map<std::string, RawServer::Script> scripts_;
  std::mutex mu_;
  std::string ping_headers_ =
      "Api-Version: 1.41\r\nOstype: linux\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n";
  RawServer server_;
};

TEST(Ping, TellsWhoAnswersAndNegotiatesEachTime) {
  Daemon daemon;
  HttpClient client = daemon.Connect();
  EXPECT_EQ(*client.Ping({}), (EngineInfo{"20.10.24+dfsg1", "1.41", "linux", false}));
  daemon.SetApi("1.52");
  EXPECT_EQ(client.Ping({})->api_version, "1.51");
  EXPECT_EQ(daemon.requests().size(), 2u);
}

TEST(Ping, KnowsPodman) {
  Daemon daemon;
  daemon.SetApi("1.41", "Server: Libpod/4.3.1 (linux)\r\nLibpod-Api-Version: 4.3.1\r\n");
  EXPECT_EQ(*daemon.Connect().Ping({}), (EngineInfo{"4.3.1", "1.41", "", true}));
}

TEST(Ping, SomethingInFrontOfTheDaemonMayNameItself) {
  Daemon daemon;
  daemon.SetApi("1.41", "Server: nginx/1.22.1\r\n");
  EXPECT_EQ(daemon.Connect().Ping({})->engine_version, "unknown");
}

TEST(Ping, WithoutItsHeaderThereIsNoVersionToSpeak) {
  for (const std::string header : {"", "garbage"}) {
    Daemon daemon;
    daemon.SetApi(header);
    HttpClient client = daemon.Connect();
    const auto info = client.Ping({});
    EXPECT_EQ(info.status().code(), absl::StatusCode::kUnavailable) << "worth another try";
    EXPECT_THAT(std::string(info.status().message()), HasSubstr("does not say"));
  }
}

TEST(Ping, WithNothingInCommonSaysWhatBothSpeak) {
  Daemon daemon;
  daemon.SetApi("1.24");
  const auto status = daemon.Connect().Ping({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1.24 at most; this agent speaks 1.41 to 1.51"));
}

// Which versions it has given up, a daemon says when it is asked in one of them.
TEST(Call, ADaemonThatSpeaksNewerVersionsOnlyIsNotSupported) {
  Daemon daemon;
  daemon.SetApi("1.60");
  daemon.Answers(
      "GET /containers/json",
      Answer(400, R"({"message":"client version 1.51 is too old. Minimum supported API version is 1.52"})"));
  const auto status = daemon.Connect().ListContainers("", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("UnsupportedApiVersion: GET /containers/json: client version 1.51 is too old. Minimum "
                "supported API version is 1.52; this agent speaks 1.41 to 1.51"));
}

TEST(Call, NegotiatesAgainWhenTheDaemonSaysTooOld) {
  Daemon daemon;
  HttpClient client = daemon.Connect();
  daemon.On("GET /containers/json", [](Peer& peer, const std::string& request) {
    const bool old = absl::StrContains(request, "/v1.41/");
    peer.Send(
        old ? Answer(400,
                     R"({"message":"client version 1.41 is too old. Minimum supported API version is 1.44"})")
            : Answer(200, "[]"));
  });
  ASSERT_TRUE(client.Ping({}).ok());
  daemon.SetApi("1.52");
  EXPECT_TRUE(client.ListContainers("", {}).ok());
  EXPECT_THAT(daemon.asked(),
              ElementsAre("GET /v1.41/containers/json?all=1", "GET /v1.51/containers/json?all=1"));
}

TEST(Call, TellsTheListener) {
  Daemon daemon;
  std::vector<std::string> told;
  HttpClientOptions options;
  options.listener = [&](const std::string& operation, const std::string& code, absl::Duration) {
    told.push_back(operation + " " + code);
  };
  HttpClient client = daemon.Connect(options);
  EXPECT_FALSE(client.InspectContainer("x", {}).ok());
  EXPECT_THAT(told, ElementsAre("Ping 200", "InspectContainer 404"));
}

TEST(Call, HostileNamesNeverReachTheDaemon) {
  Daemon daemon;
  HttpClient client = daemon.Connect();
  for (const std::string name : {"", "..", "../x", "a/b", "a b", "a\n", "a%2f", "/a", "?x", "-x"}) {
    EXPECT_EQ(client.InspectContainer(name, {}).status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(client.RemoveContainer(name, {.force = true}, {}).code(), absl::StatusCode::kInvalidArgument)
        << name;
    EXPECT_EQ(client.RemoveNetwork(name, {}).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  for (const std::string image : {"", "a//b", "../../containers/x", "a/"}) {
    EXPECT_EQ(client.RemoveImage(image, {}).code(), absl::StatusCode::kInvalidArgument) << image;
  }
  EXPECT_TRUE(daemon.requests().empty());
}

TEST(InspectContainer, AnIdsPrefixIsNoName) {
  Daemon daemon;
  daemon.Answers("GET /containers/ab/json", Answer(200, R"({"Id":"abcdef","Name":"/other"})"));
  daemon.Answers("GET /containers/abcdef/json", Answer(200, R"({"Id":"abcdef","Name":"/other"})"));
  HttpClient client = daemon.Connect();
  EXPECT_EQ(client.InspectContainer("ab", {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(client.InspectContainer("abcdef", {}).ok());
}

TEST(FindNetworks, MatchesExactlyAndSortsById) {
  Daemon daemon;
  daemon.Answers(
      "GET /networks",
      Answer(
          200,
          R"([{"Id":"n2","Name":"app"},{"Id":"n1","Name":"app"},{"Id":"n3","Name":"app-2"},{"Id":"n4","Name":"app"}])"));
  daemon.Answers("GET /networks/n1",
                 Answer(200, R"({"Id":"n1","Name":"app","Containers":{"c":{"Name":"x"}}})"));
  daemon.Answers("GET /networks/n2", Answer(200, R"({"Id":"n2","Name":"app"})"));
  const auto networks = *daemon.Connect().FindNetworks("app", {});
  ASSERT_EQ(networks.size(), 2u);  // n4 went between the two calls
  EXPECT_EQ(networks[0].id, "n1");
  EXPECT_EQ(networks[0].members.size(), 1u);
  EXPECT_THAT(daemon.asked().at(0), HasSubstr("filters=%7B%22name%22%3A%5B%22app%22%5D%7D"));
}

TEST(FindNetworks, AFailedInspectIsNoAbsence) {
  Daemon daemon;
  daemon.Answers("GET /networks", Answer(200, R"([{"Id":"n1","Name":"app"}])"));
  daemon.Answers("GET /networks/n1", Answer(500, R"({"message":"boom"})"));
  EXPECT_EQ(daemon.Connect().FindNetworks("app", {}).status().code(), absl::StatusCode::kUnavailable);
}

TEST(Writer, StatusesThatAreFine) {
  Daemon daemon;
  daemon.Answers("POST /containers/a/start", "HTTP/1.1 304 Not Modified\r\n\r\n");
  daemon.Answers("POST /containers/a/stop", "HTTP/1.1 304 Not Modified\r\n\r\n");
  HttpClient client = daemon.Connect();
  EXPECT_TRUE(client.StartContainer("a", {}).ok());
  EXPECT_TRUE(client.StopContainer("a", absl::Milliseconds(1500), {}).ok());
  EXPECT_TRUE(client.RemoveContainer("gone", {.force = true}, {}).ok());
  EXPECT_THAT(daemon.asked(),
              ElementsAre("POST /v1.41/containers/a/start", "POST /v1.41/containers/a/stop?t=2",
                          "DELETE /v1.41/containers/gone?v=1&force=1"));
}

TEST(CreateContainer, SendsNameAndPlatformInTheQuery) {
  Daemon daemon;
  daemon.Answers("POST /containers/create", Answer(201, R"({"Id":"abc","Warnings":null})"));
  CreateContainerRequest request;
  request.name = "vm-runner.next";
  request.platform = "linux/amd64";
  request.config.image = "busybox:1";
  EXPECT_EQ(daemon.Connect().CreateContainer(request, {}).value_or("?"), "abc");
  EXPECT_THAT(daemon.asked(),
              ElementsAre("POST /v1.41/containers/create?name=vm-runner.next&platform=linux%2Famd64"));
  EXPECT_THAT(daemon.requests().back(), HasSubstr("\r\n\r\n{\"Image\":\"busybox:1\"}"));
}

class Pull : public ::testing::Test {
 protected:
  absl::Status Run(const std::string& answer, const std::string& reference = "host:5000/a/b:1",
                   const std::optional<RegistryCredential>& credential = std::nullopt,
                   HttpClientOptions options = {}) {
    daemon_.Answers("POST /images/create", answer);
    HttpClient client = daemon_.Connect(std::move(options));
    return client.PullImage(reference, "linux/amd64", credential,
                            [this](const PullProgress& p) { last_ = p; }, {});
  }

  Daemon daemon_;
  PullProgress last_;
};

TEST_F(Pull, IsGoodWhenTheStreamEndedWithoutAnError) {
  const std::string done = R"({"status":"Pull complete","id":"aa"})";
  EXPECT_TRUE(Run(Chunked(Chunk(done.substr(0, 9)) + Chunk(done.substr(9)) + Chunk(""))).ok());
  EXPECT_EQ(last_.layers_done, 1);
  EXPECT_THAT(
      daemon_.asked(),
      ElementsAre("POST /v1.41/images/create?fromImage=host%3A5000%2Fa%2Fb&tag=1&platform=linux%2Famd64"));
  EXPECT_THAT(daemon_.requests().back(), Not(HasSubstr("X-Registry-Auth")));
}

TEST_F(Pull, AlwaysSendsATagOrTheDigest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(Run(Answer(200, R"({"status":"x"})"), "busybox").ok());
  EXPECT_TRUE(Run(Answer(200, R"({"status":"x"})"), "busybox:1@" + digest).ok());
  EXPECT_THAT(daemon_.asked(), ElementsAre(HasSubstr("fromImage=busybox&tag=latest&"),
                                           HasSubstr("fromImage=busybox&tag=sha256%3Aaaaa")));
}

TEST_F(Pull, AnErrorLineInA200IsAFailure) {
  const auto status = Run(Answer(
      200, R"({"status":"Downloading","id":"a"}{"errorDetail":{"message":"no space left on device"}})"));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "pull host:5000/a/b:1: no space left on device");
}

TEST_F(Pull, ACutStreamIsAFailure) {
  EXPECT_EQ(Run(Chunked(Chunk(R"({"status":"x"})"))).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Run(Answer(200, R"({"status":"x"}{"sta)")).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Run(Answer(200, "")).code(), absl::StatusCode::kInternal);
}

TEST_F(Pull, ASilentStreamIsCutOff) {
  daemon_.On("POST /images/create", [](Peer& peer, const std::string&) {
    peer.Send(Chunked(Chunk(R"({"status":"x"})")));
    peer.WaitForClose();
  });
  HttpClientOptions options;
  options.pull_inactivity = absl::Milliseconds(100);
  HttpClient client = daemon_.Connect(options);
  EXPECT_EQ(client.PullImage("a:1", "", std::nullopt, nullptr, {}).code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(Pull, RefusalsHaveTheirReasons) {
  EXPECT_EQ(Run(Answer(404, R"({"message":"manifest unknown"})")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Run(Answer(404, R"({"message":"pull access denied for a/b"})")).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Run(Answer(500, R"({"message":"toomanyrequests"})")).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Run(Answer(200, "{}"), "UPPER").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Pull, SendsTheCredentialAndNeverSaysIt) {
  const RegistryCredential credential = {"user", "s3cret", "", "host:5000"};
  const auto status = Run(Answer(401, R"({"message":"unauthorized"})"), "host:5000/a/b:1", credential);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(daemon_.requests().back(), HasSubstr("X-Registry-Auth: eyJ"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
}

TEST_F(Pull, AMissingHelperIsNamedWhenTheAnonymousPullIsDenied) {
  char path[] = "/tmp/docker-config-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << R"({"credHelpers":{"host:5000":"no-such-helper"}})";
  HttpClientOptions options;
  options.docker_config = path;
  const auto status =
      Run(Answer(401, R"({"message":"unauthorized"})"), "host:5000/a/b:1", std::nullopt, options);
  unlink(path);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("docker-credential-no-such-helper"));
}

TEST(Events, AreReadAsTheyComeUntilStopped) {
  Daemon daemon;
  daemon.On("GET /events", [](Peer& peer, const std::string&) {
    const std::string event = R"({"Type":"container","Action":"die","Actor":{"ID":"a"},"timeNano":5})";
    peer.Send(Chunked(Chunk(event.substr(0, 20)) +
                      Chunk(event.substr(20) + "\n{\"status\":\"legacy\"}\n" + event)));
    peer.WaitForClose();
  });
  HttpClient client = daemon.Connect();
  std::stop_source source;
  int opened = 0;
  std::vector<std::string> seen;
  const auto status = client.Stream(
      1'500'000'007, [&] { ++opened; },
      [&](const Event& event) {
        seen.push_back(event.type + " " + event.action);
        if (seen.size() == 2) source.request_stop();
      },
      source.get_token());
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(opened, 1);
  EXPECT_THAT(seen, ElementsAre("container die", "container die"));
  EXPECT_THAT(daemon.asked().at(0), HasSubstr("since=1.500000007&filters="));
}

TEST(Events, AnEndIsUnavailableAndARefusalNeverOpens) {
  Daemon daemon;
  HttpClient client = daemon.Connect();
  const auto never = [] { ADD_FAILURE(); };
  daemon.Answers("GET /events", Answer(500, R"({"message":"no"})"));
  EXPECT_EQ(client.Stream(0, never, [](const Event&) {}, {}).code(), absl::StatusCode::kUnavailable);
  daemon.Answers("GET /events", Chunked(Chunk("")));
  EXPECT_EQ(client.Stream(0, nullptr, [](const Event&) {}, {}).code(), absl::StatusCode::kUnavailable);
  daemon.Answers("GET /events", Chunked(Chunk("<html>")));
  EXPECT_EQ(client.Stream(0, nullptr, [](const Event&) {}, {}).code(), absl::StatusCode::kInternal);
}

// Behind a socket that starts it for whoever connects (engine_test.cc has the rest). Not even a probe does
// then, which is told so; it would hold up others.
TEST(Events, TellOfADockerThatMayBeStopping) {
  Daemon daemon;
  daemon.Answers("POST /containers/a/stop", Answer(204, ""));
  daemon.Answers("GET /events", Chunked(Chunk("")));
  HttpClientOptions options;
  options.activator_pid = getpid();
  HttpClient client = daemon.Connect(options);
  ASSERT_TRUE(client.Ping({}).ok());
  EXPECT_FALSE(client.Stream(0, nullptr, [](const Event&) {}, {}).ok());
  ASSERT_TRUE(client.Ping({}).ok()) << "this one may have started it";

  ASSERT_TRUE(client.StopContainer("a", absl::Seconds(1), {}).ok());
  const auto event = [](const std::string& action, const std::string& id) {
    return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":")", id, R"("}})");
  };
  daemon.Answers("GET /events", Chunked(Chunk(event("kill", "a") + event("die", "a") + event("kill", "b") +
                                              event("die", "b"))));
  std::vector<std::string> seen;
  EXPECT_FALSE(client
                   .Stream(0, nullptr,
                           [&](const Event& e) {
                             seen.push_back(absl::StrCat(e.action, " ", e.actor_id));
                             // Nobody knows the container, but somebody was asked.
                             const bool asked = absl::IsNotFound(
                                 client.Exec(e.actor_id, {"x"}, absl::Seconds(9), {}).status());
                             EXPECT_EQ(asked, e.actor_id == "a");
                             EXPECT_EQ(absl::IsNotFound(client.Health(e.actor_id, {}).status()), asked);
                           },
                           {})
                   .ok());
  EXPECT_THAT(seen, ElementsAre("die a", "die b"));
  EXPECT_THAT(daemon.asked().back(), Not(HasSubstr("/containers/b")));
  EXPECT_THAT(daemon.asked().at(0), HasSubstr("%22kill%22"));
}

TEST(Exec, GivesTheExitCode) {
  Daemon daemon;
  daemon.Answers("POST /containers/a/exec", Answer(201, R"({"Id":"e1"})"));
  daemon.Answers("POST /exec/e1/start",
                 "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nwhatever");
  daemon.Answers("GET /exec/e1/json", Answer(200, R"({"Running":false,"ExitCode":7})"));
  EXPECT_EQ(daemon.Connect().Exec("a", {"false"}, absl::Seconds(5), {}).value_or(-1), 7);
}

// A probe's command is late, or the daemon is: nobody is restarted for the latter.
TEST(Exec, TellsALateCommandFromALateDaemon) {
  const auto hang = [](Peer& peer, const std::string&) { peer.WaitForClose(); };
  Daemon daemon;
  HttpClient client = daemon.Connect();
  daemon.On("POST /containers/a/exec", hang);
  EXPECT_EQ(client.Exec("a", {"true"}, absl::Milliseconds(200), {}).status().code(),
            absl::StatusCode::kUnavailable);
  daemon.Answers("POST /containers/a/exec", Answer(201, R"({"Id":"e1"})"));
  daemon.On("POST /exec/e1/start", hang);
  EXPECT_EQ(client.Exec("a", {"true"}, absl::Milliseconds(200), {}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(DistributionDigest, IsTheRegistrysWithThePullsCredential) {
  Daemon daemon;
  const std::string body = R"({"Descriptor":{"mediaType":"m","digest":"sha256:aa","size":9},"Platforms":[]})";
  daemon.Answers("GET /distribution/host%3A5000/a/b%3A1/json", Answer(200, body));
  HttpClient client = daemon.Connect();
  const RegistryCredential credential = {"user", "s3cret", "", "host:5000"};
  EXPECT_EQ(client.DistributionDigest("host:5000/a/b:1", credential, {}).value_or(""), "sha256:aa");
  EXPECT_THAT(daemon.requests().back(), HasSubstr("X-Registry-Auth: eyJ"));
  daemon.Answers("GET /distribution/busybox%3Alatest/json", Answer(200, "{}"));
  EXPECT_EQ(client.DistributionDigest("busybox", std::nullopt, {}).status().code(),
            absl::StatusCode::kInternal);
  daemon.Answers("GET /distribution/busybox%3Alatest/json", Answer(500, R"({"message":"toomanyrequests"})"));
  EXPECT_EQ(client.DistributionDigest("busybox", std::nullopt, {}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(LoadImage, AnErrorLineIsAFailure) {
  char path[] = "/tmp/archive-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << std::string(300000, 'x');
  Daemon daemon;
  HttpClient client = daemon.Connect();
  daemon.Answers("POST /images/load", Answer(200, R"({"stream":"Loaded image: a:1\n"})"));
  EXPECT_TRUE(client.LoadImage(path, {}).ok());
  EXPECT_THAT(daemon.requests().back(), HasSubstr("Content-Length: 300000"));
  daemon.Answers("POST /images/load", Answer(200, R"({"errorDetail":{"message":"invalid tar header"}})"));
  EXPECT_EQ(client.LoadImage(path, {}).code(), absl::StatusCode::kInvalidArgument);
  unlink(path);
  EXPECT_EQ(client.LoadImage(path, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(client.LoadImage("/tmp", {}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(HttpClient, CallsRunSideBySideWhileOneHangs) {
  Daemon daemon;
  std::stop_source source;
  daemon.On("GET /containers/hung/json", [](Peer& peer, const std::string&) { peer.WaitForClose(); });
  daemon.Answers("GET /containers/json", Answer(200, "[]"));
  HttpClient client = daemon.Connect();
  std::thread hung([&] {
    EXPECT_EQ(client.InspectContainer("hung", source.get_token()).status().code(),
              absl::StatusCode::kCancelled);
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.ListContainers("", {}).ok());
  source.request_stop();
  hung.join();
}

}  // namespace
}  // namespace spacelet::docker

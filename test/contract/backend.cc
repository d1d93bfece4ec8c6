#include "test/contract/backend.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/unique_fd.h"
#include "pkg/docker/http_client.h"
#include "pkg/http/client.h"
#include "test/testing/engine.h"
#include "test/testing/fake_daemon.h"
#include "test/testing/fake_docker.h"

namespace spacelet::contract {
namespace {

using testing::Engine;
using testing::FakeDaemon;
using testing::FakeDocker;
using testing::FakeEngine;

testing::EngineOptions FakeOptions(Kind kind) {
  testing::EngineOptions options;
  options.all_host_paths_exist = false;
  if (kind == Kind::kNewFakeDaemon) {
    options.engine_version = "28.5.2";
    options.api_version = "1.51";
    options.min_api_version = "1.24";
  }
  return options;
}

void SeedImages(FakeDocker& docker) {
  docker.World([](FakeEngine& engine) {
    testing::ImageProfile box, crash, broken;
    box.env = {{"IMG", "1"}};
    box.log_lines = {"one", "two", "three"};
    crash.exits_at_once = 7;
    broken.start_error = "OCI runtime create failed: exec: \"/nope\": no such file or directory";
    engine.AddHostPath("/tmp");
    engine.Seed("box:1", box);
    engine.Seed("box:2", box);
    engine.Seed("box:3", box);
    engine.Seed("crash:1", crash);
    return engine.Seed("broken:1", broken);
  });
}

class Memory : public Backend {
 public:
  Memory() : docker_(FakeOptions(Kind::kMemory)) { SeedImages(docker_); }
  docker::Client& docker() override { return docker_; }
  void Pause(const std::string& container) override {
    EXPECT_TRUE(docker_.World([&](FakeEngine& engine) { return engine.Pause(container); }).ok());
  }
  void Tag(const std::string& reference, const std::string& repository, const std::string& tag) override {
    const std::string name = absl::StrCat(repository, ":", tag);
    EXPECT_TRUE(docker_.World([&](FakeEngine& engine) { return engine.Tag(reference, name); }).ok());
  }
  void Push(const std::string& repository, const std::string& tag) override {
    const std::string name = absl::StrCat(repository, ":", tag);
    EXPECT_TRUE(docker_.World([&](FakeEngine& engine) { return engine.Push(name); }).ok());
  }
  void Save(const std::string& reference, const std::string& path) override {
    const auto archive = docker_.World([&](FakeEngine& engine) { return engine.Save(reference); });
    std::ofstream(path, std::ios::binary) << archive.value_or("");
  }
  std::string AddNetwork(const std::string& name) override {
    docker::NetworkConfig config;
    config.name = name;
    return docker_.World([&](FakeEngine& engine) { return engine.CreateNetwork(config, false); })
        .value_or("");
  }
  void KeepFromRemoval(const std::string& id) override {
    EXPECT_TRUE(docker_.World([&](FakeEngine& engine) { return engine.KeepFromRemoval(id); }).ok());
  }

 private:
  FakeDocker docker_;
};

// A daemon behind a unix socket.
class OverHttp : public Backend {
 public:
  explicit OverHttp(const std::string& socket) : http_(Endpoint(socket)), docker_(Endpoint(socket), {}) {}
  docker::Client& docker() override { return docker_; }
  void Pause(const std::string& container) override {
    EXPECT_EQ(Post(absl::StrCat("/containers/", container, "/pause"), "").status, 204);
  }
  void Tag(const std::string& reference, const std::string& repository, const std::string& tag) override {
    EXPECT_EQ(Post(absl::StrCat("/images/", reference, "/tag?repo=", repository, "&tag=", tag), "").status,
              201);
  }
  void Push(const std::string& repository, const std::string& tag) override {
    const http::Response answer = Send("POST", absl::StrCat("/images/", repository, "/push?tag=", tag), "");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.find("errorDetail"), std::string::npos) << answer.body;
  }
  void Save(const std::string& reference, const std::string& path) override {
    const http::Response answer = Send("GET", absl::StrCat("/images/", reference, "/get"), "");
    EXPECT_EQ(answer.status, 200);
    std::ofstream(path, std::ios::binary) << answer.body;
  }
  std::string AddNetwork(const std::string& name) override {
    const http::Response answer = Post("/networks/create", nlohmann::json{{"Name", name}}.dump());
    return nlohmann::json::parse(answer.body).value("Id", "");
  }

 private:
  static http::Endpoint Endpoint(const std::string& socket) {
    http::Endpoint endpoint;
    endpoint.path = socket;
    return endpoint;
  }
  http::Response Post(const std::string& target, const std::string& body) {
    return Send("POST", target, body);
  }
  http::Response Send(const std::string& method, const std::string& target, const std::string& body) {
    http::Request request;
    request.method = method;
    request.target = "/v1.41" + target;
    request.body = body;
    request.headers["X-Registry-Auth"] = "e30=";  // a push without it is refused
    auto answer = http_.Call(request, {});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : http::Response{};
  }

  http::Client http_;
  docker::HttpClient docker_;
};

class Fake : public OverHttp {
 public:
  Fake(const std::string& socket, Kind kind)
      : OverHttp(socket), model_(FakeOptions(kind)), daemon_(model_, {socket, nullptr, nullptr}) {
    SeedImages(model_);
  }
  absl::Status Listen() { return daemon_.Listen(); }
  void KeepFromRemoval(const std::string& id) override {
    EXPECT_TRUE(model_.World([&](FakeEngine& engine) { return engine.KeepFromRemoval(id); }).ok());
  }

 private:
  FakeDocker model_;
  FakeDaemon daemon_;
};

// Whose data root lies beside its socket (hack/engine).
class Real : public OverHttp {
 public:
  explicit Real(const std::string& socket)
      : OverHttp(socket), containers_(std::filesystem::path(socket).parent_path() / "data" / "containers") {}
  ~Real() override {
    for (const base::UniqueFd& file : kept_) SetImmutable(file, false);
  }
  void KeepFromRemoval(const std::string& id) override {
    const std::filesystem::path path = containers_ / id / "stays";
    base::UniqueFd file(open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
    ASSERT_TRUE(file.valid()) << path << ": " << strerror(errno);
    SetImmutable(file, true);
    kept_.push_back(std::move(file));
  }

 private:
  static void SetImmutable(const base::UniqueFd& file, bool on) {
    const int flags = on ? FS_IMMUTABLE_FL : 0;
    EXPECT_EQ(ioctl(file.get(), FS_IOC_SETFLAGS, &flags), 0) << strerror(errno);
  }

  const std::filesystem::path containers_;
  std::vector<base::UniqueFd> kept_;
};

// One engine for the program, started at its first use.
class SharedEngine : public ::testing::Environment {
 public:
  void TearDown() override { engine_ = absl::UnavailableError("ended"); }
  absl::StatusOr<std::string> Socket() {
    if (!tried_) engine_ = Start();
    tried_ = true;
    if (!engine_.ok()) return engine_.status();
    return (*engine_)->socket();
  }

 private:
  static absl::StatusOr<std::unique_ptr<Engine>> Start() {
    ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, Engine::Start());
    RETURN_IF_ERROR(engine->StartRegistry());
    // sh as process 1 ends at a TERM only by its trap.
    const std::string serve =
        "CMD [\"/bin/sh\",\"-c\",\"trap 'exit 0' TERM; echo one; echo two; echo three; while :; do sleep "
        "1000 & wait; "
        "done\"]";
    RETURN_IF_ERROR(engine->Import("box", "1", {"ENV IMG=1", serve}));
    RETURN_IF_ERROR(engine->Import("box", "2", {"ENV IMG=1", serve, "LABEL two=2"}));
    RETURN_IF_ERROR(engine->Import("box", "3", {"ENV IMG=1", serve, "LABEL three=3"}));
    RETURN_IF_ERROR(engine->Import("crash", "1", {"CMD [\"/bin/sh\",\"-c\",\"exit 7\"]"}));
    RETURN_IF_ERROR(engine->Import("broken", "1", {"CMD [\"/nope\"]"}));
    return engine;
  }

  bool tried_ = false;
  absl::StatusOr<std::unique_ptr<Engine>> engine_ = absl::UnavailableError("not started");
};

SharedEngine* const kEngine = new SharedEngine;  // gtest owns it
const auto* const kRegistered = ::testing::AddGlobalTestEnvironment(kEngine);

// FailedPrecondition with the reason when the current test is one.
absl::Status KnownDeviation() {
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string why =
      Engine::Deviation(absl::StrCat("docker_contract_test.", name.substr(0, name.find('/'))));
  return why.empty() ? absl::OkStatus() : absl::FailedPreconditionError(why);
}

void RemoveEverything(docker::Client& docker) {
  const std::stop_token never;
  const auto containers = docker.ListContainers("", never);
  ASSERT_TRUE(containers.ok()) << containers.status();
  for (const auto& row : *containers)
    EXPECT_TRUE(docker.RemoveContainer(row.id, {.force = true}, never).ok());
  for (const std::string name : {"net1", "net2", "net3"}) {
    const auto networks = docker.FindNetworks(name, never);
    ASSERT_TRUE(networks.ok()) << networks.status();
    for (const auto& network : *networks) EXPECT_TRUE(docker.RemoveNetwork(network.id, never).ok());
  }
}

}  // namespace

void PrintTo(Kind kind, std::ostream* out) {
  switch (kind) {
    case Kind::kMemory:
      *out << "InMemory";
      return;
    case Kind::kFakeDaemon:
      *out << "FakeDaemon";
      return;
    case Kind::kNewFakeDaemon:
      *out << "NewFakeDaemon";
      return;
    case Kind::kRealDaemon:
      *out << "RealDaemon";
  }
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(Kind kind) {
  if (kind == Kind::kMemory) return std::make_unique<Memory>();
  if (kind != Kind::kRealDaemon) {
    auto fake = std::make_unique<Fake>(absl::StrCat("/tmp/spcontract-", getpid(), ".sock"), kind);
    RETURN_IF_ERROR(fake->Listen());
    return fake;
  }
  RETURN_IF_ERROR(KnownDeviation());
  ASSIGN_OR_RETURN(const std::string socket, kEngine->Socket());
  auto real = std::make_unique<Real>(socket);
  RemoveEverything(real->docker());
  return real;
}

}  // namespace spacelet::contract

#include "test/testing/engine.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/client.h"

namespace spacelet::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr char kCommand[] = SPACELET_HACK_ENGINE;
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr auto kStartDeadline = std::chrono::seconds(30);

// Runs a program to its end, with its output in `log`. The child inherits nothing else but `input`, as stdin.
absl::Status Run(const std::vector<std::string>& argv, const std::string& log, int input = -1) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::FailedPreconditionError(absl::StrCat(argv[0], " is not installed"));
  int status = 0;
  waitpid(pid, &status, 0);
  if (status == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("`", absl::StrJoin(argv, " "), "` failed"));
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return std::string(absl::StripAsciiWhitespace(text.str()));
}

http::Endpoint UnixEndpoint(const std::string& path) {
  http::Endpoint endpoint;
  endpoint.kind = http::Endpoint::Kind::kUnix;
  endpoint.path = path;
  return endpoint;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start() {
  char directory[] = "/tmp/spengine-XXXXXX";
  if (mkdtemp(directory) == nullptr) return absl::FailedPreconditionError("mkdtemp failed");
  std::unique_ptr<Engine> engine(new Engine(directory));
  const std::string why = engine->directory_ + "/why";
  if (!Run({kCommand, "check"}, why).ok()) return absl::FailedPreconditionError(Text(why));
  RETURN_IF_ERROR(engine->MakeRootFs());
  RETURN_IF_ERROR(engine->Up());
  return engine;
}

std::string Engine::Deviation(const std::string& test) {
  const char* engine = std::getenv("SPACELET_ENGINE");
  std::ifstream lines(SPACELET_ENGINES);
  std::string names, name;
  while (engine != nullptr && lines >> names >> name) {
    std::string reason;
    std::getline(lines, reason);
    if (name == test && absl::StartsWith(engine, names)) return absl::StrCat(engine, ":", reason);
  }
  return "";
}

Engine::Engine(std::string directory)
    : directory_(std::move(directory)), name_(absl::StrCat("contract-", getpid())) {}

absl::Status Engine::Up() {
  const std::string said = directory_ + "/said";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::FailedPreconditionError("no pipe to be had");
  alive_ = ends[1];
  Run({kCommand, "sweep"}, said).IgnoreError();
  const absl::Status up = Run({kCommand, "up", name_, "--until-eof"}, said, ends[0]);
  close(ends[0]);
  if (!up.ok()) return absl::FailedPreconditionError(Text(said));
  const std::string host = directory_ + "/host";
  RETURN_IF_ERROR(Run({kCommand, "host", name_}, host));
  socket_ = Text(host).substr(std::string("unix://").size());
  return absl::OkStatus();
}

Engine::~Engine() {
  if (registry_ > 0) {
    kill(registry_, SIGKILL);
    waitpid(registry_, nullptr, 0);
  }
  if (alive_ >= 0) {
    Run({kCommand, "down", name_}, directory_ + "/said").IgnoreError();
    close(alive_);
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

absl::Status Engine::StartRegistry() {
  const std::string config = directory_ + "/registry.yml", log = directory_ + "/registry.log";
  std::ofstream(config) << "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                        << "storage: {filesystem: {rootdirectory: " << directory_ << "/registry}}\n"
                        << "http: {addr: 127.0.0.1:5000}\n";
  registry_ = fork();
  if (registry_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(out, 1);
    dup2(out, 2);
    execl(kCommand, kCommand, "run", name_.c_str(), "docker-registry", "serve", config.c_str(), nullptr);
    _exit(127);
  }
  const auto deadline = steady_clock::now() + kStartDeadline;
  while (steady_clock::now() < deadline) {
    if (Run({kCommand, "run", name_, "curl", "-sf", "http://127.0.0.1:5000/v2/"}, "/dev/null").ok())
      return absl::OkStatus();
    std::this_thread::sleep_for(kPoll);
  }
  return absl::FailedPreconditionError(absl::StrCat("docker-registry does not answer: ", Text(log)));
}

absl::Status Engine::MakeRootFs() {
  const fs::path root = fs::path(directory_) / "rootfs";
  std::error_code error;
  for (const std::string directory : {"bin", "tmp", "etc"}) fs::create_directories(root / directory, error);
  fs::copy_file("/bin/busybox", root / "bin/busybox", error);
  if (error) return absl::FailedPreconditionError("/bin/busybox cannot be copied");
  for (const std::string applet : {"sh", "sleep", "echo", "true", "false", "cat", "ls"}) {
    fs::create_symlink("busybox", root / "bin" / applet, error);
  }
  return Run({"tar", "-C", root.string(), "-cf", directory_ + "/rootfs.tar", "."}, directory_ + "/log");
}

absl::Status Engine::Import(const std::string& repository, const std::string& tag,
                            const std::vector<std::string>& changes) {
  std::ifstream archive(directory_ + "/rootfs.tar", std::ios::binary);
  std::stringstream body;
  body << archive.rdbuf();
  http::Request request;
  request.method = "POST";
  request.target = absl::StrCat("/images/create?fromSrc=-&repo=", repository, "&tag=", tag);
  for (const std::string& change : changes) {
    absl::StrAppend(&request.target, "&changes=", http::PercentEncode(change));
  }
  request.body = body.str();
  request.content_type = "application/x-tar";
  http::Client client(UnixEndpoint(socket_));
  ASSIGN_OR_RETURN(const http::Response answer, client.Call(request, {}));
  if (answer.status == 200 && answer.body.find("\"error\"") == std::string::npos) return absl::OkStatus();
  return absl::InternalError(answer.body);
}

}  // namespace spacelet::testing

#include "test/testing/engine.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "pkg/base/status_macros.h"
#include "pkg/http/client.h"

namespace spacelet::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr auto kStartDeadline = std::chrono::seconds(30);
constexpr auto kStopDeadline = std::chrono::seconds(20);

// Runs a program to its end. The child inherits nothing but stderr's place in `log`.
absl::Status Run(const std::vector<std::string>& argv, const std::string& log) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
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

bool Installed(const std::string& program) {
  for (const auto& directory : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (access((directory + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

absl::Status CheckMachine() {
  if (geteuid() != 0) return absl::FailedPreconditionError("a real dockerd needs root");
  for (const std::string program : {"dockerd", "containerd", "runc", "ip", "nsenter", "unshare", "busybox"}) {
    if (!Installed(program)) return absl::FailedPreconditionError(absl::StrCat(program, " is not installed"));
  }
  return absl::OkStatus();
}

http::Endpoint UnixEndpoint(const std::string& path) {
  http::Endpoint endpoint;
  endpoint.kind = http::Endpoint::Kind::kUnix;
  endpoint.path = path;
  return endpoint;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start() {
  RETURN_IF_ERROR(CheckMachine());
  // A socket's path has 107 bytes at most, so not below TMPDIR.
  char directory[] = "/tmp/spengine-XXXXXX";
  if (mkdtemp(directory) == nullptr) return absl::FailedPreconditionError("mkdtemp failed");
  std::unique_ptr<Engine> engine(new Engine(directory, absl::StrCat("spengine-", getpid())));
  RETURN_IF_ERROR(engine->MakeRootFs());
  RETURN_IF_ERROR(Run({"ip", "netns", "add", engine->network_namespace_}, engine->directory_ + "/log"));
  engine->pid_ =
      engine->Spawn(absl::StrCat("ip link set lo up && exec dockerd --host unix://", engine->socket_,
                                 " --data-root ", engine->directory_, "/data --exec-root ",
                                 engine->directory_, "/exec --pidfile ", engine->directory_, "/pid"));
  RETURN_IF_ERROR(engine->AwaitPing());
  return engine;
}

Engine::Engine(std::string directory, std::string network_namespace)
    : directory_(std::move(directory)),
      network_namespace_(std::move(network_namespace)),
      socket_(directory_ + "/docker.sock") {}

Engine::~Engine() {
  if (pid_ > 0) {
    RemoveContainers();
    Terminate();
  }
  if (registry_ > 0) {
    kill(registry_, SIGKILL);
    waitpid(registry_, nullptr, 0);
  }
  Run({"ip", "netns", "delete", network_namespace_}, directory_ + "/log").IgnoreError();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

// nsenter and not `ip netns exec`: the latter mounts a new /sys and with it hides the cgroup mounts.
pid_t Engine::Spawn(const std::string& script) const {
  const std::string logged = absl::StrCat(script, " >>", directory_, "/log 2>&1");
  const std::string net = absl::StrCat("--net=/run/netns/", network_namespace_);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  execlp("nsenter", "nsenter", net.c_str(), "unshare", "-m", "sh", "-c", logged.c_str(), nullptr);
  _exit(127);
}

absl::Status Engine::StartRegistry() {
  if (!Installed("docker-registry")) return absl::FailedPreconditionError("docker-registry is not installed");
  const std::string config = directory_ + "/registry.yml";
  std::ofstream(config) << "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                        << "storage: {filesystem: {rootdirectory: " << directory_ << "/registry}}\n"
                        << "http: {addr: 127.0.0.1:5000}\n";
  registry_ = Spawn("exec docker-registry serve " + config);
  const std::string net = absl::StrCat("--net=/run/netns/", network_namespace_);
  const auto deadline = steady_clock::now() + kStartDeadline;
  while (steady_clock::now() < deadline) {
    if (Run({"nsenter", net, "sh", "-c", "busybox wget -q -O - http://127.0.0.1:5000/v2/"}, "/dev/null").ok())
      return absl::OkStatus();
    std::this_thread::sleep_for(kPoll);
  }
  return absl::FailedPreconditionError("docker-registry does not answer");
}

absl::Status Engine::AwaitPing() {
  if (pid_ < 0) return absl::FailedPreconditionError("fork failed");
  http::Client client(UnixEndpoint(socket_));
  http::Request ping;
  ping.target = "/_ping";
  const auto deadline = steady_clock::now() + kStartDeadline;
  while (steady_clock::now() < deadline) {
    http::CallOptions options;
    options.deadline = absl::Seconds(2);
    const auto answer = client.Call(ping, options);
    if (answer.ok() && answer->status == 200) return absl::OkStatus();
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::FailedPreconditionError(absl::StrCat("dockerd does not run here: ", LogTail()));
    }
    std::this_thread::sleep_for(kPoll);
  }
  return absl::FailedPreconditionError(absl::StrCat("dockerd does not answer: ", LogTail()));
}

std::string Engine::LogTail() const {
  std::ifstream log(directory_ + "/log");
  std::string line, last;
  while (std::getline(log, line)) last = line;
  return last;
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

void Engine::RemoveContainers() {
  http::Client client(UnixEndpoint(socket_));
  http::Request list;
  list.target = "/containers/json?all=1";
  const auto answer = client.Call(list, {});
  if (!answer.ok()) return;
  const auto rows = nlohmann::json::parse(answer->body, nullptr, false);
  if (!rows.is_array()) return;
  for (const auto& row : rows) {
    http::Request remove;
    remove.method = "DELETE";
    remove.target = absl::StrCat("/containers/", row.value("Id", ""), "?force=1&v=1");
    client.Call(remove, {}).status().IgnoreError();
  }
}

// dockerd ends its containerd itself; if it had to be killed, that one is left over.
void Engine::Terminate() {
  pid_t containerd = 0;
  std::ifstream(directory_ + "/exec/containerd/containerd.pid") >> containerd;
  kill(pid_, SIGTERM);
  const auto deadline = steady_clock::now() + kStopDeadline;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      if (containerd > 0) kill(containerd, SIGKILL);
    }
    std::this_thread::sleep_for(kPoll);
  }
  pid_ = -1;
}

}  // namespace spacelet::testing

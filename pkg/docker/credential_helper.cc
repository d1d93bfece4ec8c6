#include "pkg/docker/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::docker {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kStopPoll(50);

struct Pipe {
  base::UniqueFd read, write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return absl::ResourceExhaustedError(absl::StrCat("pipe: ", std::strerror(errno)));
  return Pipe{base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

bool IsProgramName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

// A child in a process group of its own, killed with all its children and reaped when the value dies.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) {
      kill(-pid_, SIGKILL);
      Wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reaps the child: its wait status.
  int Wait() {
    int status = -1;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

// The agent blocks signals and ignores SIGPIPE: the helper must inherit neither.
void SetFreshSignals(posix_spawnattr_t& attributes) {
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

absl::StatusOr<pid_t> Spawn(const std::string& program, int in, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  SetFreshSignals(attributes);
  std::string name = program, verb = "get";
  char* argv[] = {name.data(), verb.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, program.c_str(), &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  const std::string message = absl::StrCat(program, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& program, steady_clock::time_point deadline,
                                    const std::stop_token& stop) {
  std::string out;
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError(absl::StrCat(program, ": stopped"));
    if (steady_clock::now() >= deadline)
      return absl::DeadlineExceededError(absl::StrCat(program, ": no answer in time"));
    pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, static_cast<int>(kStopPoll.count())) <= 0) continue;
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return out;
    out.append(buffer, static_cast<size_t>(n));
    if (out.size() > kMaxHelperOutput)
      return absl::OutOfRangeError(absl::StrCat(program, ": prints more than 64 KiB"));
  }
}

}  // namespace

absl::StatusOr<std::string> RunCredentialHelper(absl::string_view name, absl::string_view server,
                                                const std::stop_token& stop, absl::Duration deadline) {
  if (!IsProgramName(name))
    return absl::InvalidArgumentError("the credential helper's name holds odd characters");
  const std::string program = absl::StrCat("docker-credential-", name);
  ASSIGN_OR_RETURN(Pipe in, MakePipe());
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  // A registry's name fits into the pipe's buffer: the write never blocks.
  if (server.size() > 4096 || write(in.write.get(), server.data(), server.size()) < 0) {
    return absl::InvalidArgumentError("the registry's name is too long");
  }
  ASSIGN_OR_RETURN(const pid_t pid, Spawn(program, in.read.get(), out.write.get()));
  Child child(pid);
  in.write.Reset();
  out.write.Reset();
  ASSIGN_OR_RETURN(
      std::string text,
      ReadAll(out.read.get(), program, steady_clock::now() + absl::ToChronoMilliseconds(deadline), stop));
  if (const int status = child.Wait(); !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(program, ": has no credentials for ", server));
  }
  return text;
}

}  // namespace spacelet::docker

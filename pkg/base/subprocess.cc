#include "pkg/base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/base/clock.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::base {
namespace {

absl::Status SystemError(absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", absl::string_view(strerrordesc_np(error))));
}

struct Pipe {
  UniqueFd reader, writer;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return SystemError("pipe", errno);
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// posix_spawn's two structures, freed with their owner.
class SpawnPlan {
 public:
  SpawnPlan(const UniqueFd& in, const UniqueFd& out, const UniqueFd& err) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, in.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, out.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, err.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ResetSignals();
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  // The agent blocks SIGTERM and ignores SIGPIPE; a program inherits both and would not expect it.
  void ResetSignals() {
    sigset_t none, ignored;
    ::sigemptyset(&none);
    ::sigemptyset(&ignored);
    ::sigaddset(&ignored, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &ignored);
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

absl::Status SpawnError(const std::string& program, int error) {
  const std::string message = absl::StrCat(program, ": ", absl::string_view(strerrordesc_np(error)));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

// For exec, which takes them as char* and changes none of them. They live as long as `words`.
std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const Environment& environment,
                            const UniqueFd& in, const UniqueFd& out, const UniqueFd& err) {
  std::vector<char*> arguments = Pointers(argv);
  std::vector<char*> variables;
  if (environment) variables = Pointers(*environment);
  const SpawnPlan plan(in, out, err);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], plan.actions(), plan.attributes(), arguments.data(),
                                   environment ? variables.data() : ::environ);
  if (error != 0) return SpawnError(argv[0], error);
  return pid;
}

// A child that leads a process group. Whatever happens, the group is killed and the child reaped.
class Child {
 public:
  // glibc 2.36 declares pidfd_open for C only.
  explicit Child(pid_t pid) : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~Child() { KillAndReap(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int pidfd() const { return pidfd_.get(); }

  // The wait status. The group goes first: as long as its leader is not reaped, its number belongs to nobody
  // else.
  int KillAndReap() {
    if (pid_ < 0) return wait_status_;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return wait_status_;
  }

 private:
  pid_t pid_;
  UniqueFd pidfd_;
  int wait_status_ = 0;
};

// One stream of the child. Bytes above the cap are thrown away, so that the child does not hang on a full
// pipe.
class Stream {
 public:
  Stream(UniqueFd fd, size_t max_bytes) : fd_(std::move(fd)), max_bytes_(max_bytes) {
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);  // our end only; the program's blocks, as it expects
  }

  int fd() const { return fd_.get(); }  // -1 after its end
  std::string TakeBytes() { return std::move(bytes_); }
  bool overflowed() const { return overflowed_; }

  // One read: as much as a pipe holds, and never an endless loop on a child that writes for ever.
  void ReadAvailable() {
    if (!fd_.valid()) return;
    std::array<char, 64 << 10> buffer;
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n > 0) return Append(absl::string_view(buffer.data(), static_cast<size_t>(n)));
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) fd_.Reset();
  }

 private:
  void Append(absl::string_view piece) {
    const absl::string_view kept = piece.substr(0, max_bytes_ - bytes_.size());
    overflowed_ = overflowed_ || kept.size() < piece.size();
    bytes_.append(kept.data(), kept.size());
  }

  UniqueFd fd_;
  const size_t max_bytes_;
  std::string bytes_;
  bool overflowed_ = false;
};

// A descriptor that becomes readable at `stop`.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        callback_(stop, [this] { ::eventfd_write(fd_.get(), 1); }) {}
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::stop_callback<std::function<void()>> callback_;
};

int PollTimeout(absl::Duration remaining) {
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(remaining, absl::Milliseconds(1))));
}

// Reads both streams until the child has ended.
absl::Status WaitForEnd(const Child& child, Stream& out, Stream& err, const ProgramLimits& limits,
                        const std::stop_token& stop) {
  if (child.pidfd() < 0) return absl::UnavailableError("the kernel has no pidfd");
  const StopEvent stopped(stop);
  const Instant deadline = RealClock().Monotonic() + limits.timeout;
  while (true) {
    const absl::Duration remaining = deadline - RealClock().Monotonic();
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    if (remaining <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat("still running after ", absl::FormatDuration(limits.timeout)));
    }
    std::array<pollfd, 4> fds = {{{child.pidfd(), POLLIN, 0},
                                  {out.fd(), POLLIN, 0},
                                  {err.fd(), POLLIN, 0},
                                  {stopped.fd(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), PollTimeout(remaining));
    out.ReadAvailable();
    err.ReadAvailable();
    if (out.overflowed())
      return absl::OutOfRangeError(absl::StrCat("more than ", limits.max_output_bytes, " bytes of output"));
    if (fds[0].revents != 0) return absl::OkStatus();
  }
}

absl::Status WithProgram(const absl::Status& status, const std::string& program) {
  return absl::Status(status.code(), absl::StrCat(program, ": ", status.message()));
}

// A pipe that holds `input` and ends after it.
absl::StatusOr<UniqueFd> InputOf(absl::string_view input) {
  if (input.size() > kMaxProgramInput) return absl::InvalidArgumentError("too much input for a program");
  ASSIGN_OR_RETURN(Pipe pipe, MakePipe());
  if (!input.empty() && ::write(pipe.writer.get(), input.data(), input.size()) < 0)
    return SystemError("pipe", errno);
  return std::move(pipe.reader);
}

}  // namespace

absl::StatusOr<ProgramEnd> RunProgram(const std::vector<std::string>& argv, absl::string_view input,
                                      const ProgramLimits& limits, const std::stop_token& stop,
                                      const Environment& environment) {
  if (argv.empty()) return absl::InvalidArgumentError("no program");
  ASSIGN_OR_RETURN(UniqueFd in, InputOf(input));
  ASSIGN_OR_RETURN(Pipe out_pipe, MakePipe());
  ASSIGN_OR_RETURN(Pipe err_pipe, MakePipe());
  ASSIGN_OR_RETURN(const pid_t pid, Spawn(argv, environment, in, out_pipe.writer, err_pipe.writer));
  Child child(pid);
  in.Reset();
  out_pipe.writer.Reset();
  err_pipe.writer.Reset();
  Stream out(std::move(out_pipe.reader), limits.max_output_bytes);
  Stream err(std::move(err_pipe.reader), limits.max_error_bytes);
  if (absl::Status status = WaitForEnd(child, out, err, limits, stop); !status.ok())
    return WithProgram(status, argv[0]);
  return ProgramEnd{child.KillAndReap(), out.TakeBytes(), err.TakeBytes()};
}

std::string ExitText(int wait_status) {
  if (WIFSIGNALED(wait_status)) return absl::StrCat("killed by signal ", WTERMSIG(wait_status));
  return absl::StrCat("exit code ", WEXITSTATUS(wait_status));
}

}  // namespace spacelet::base

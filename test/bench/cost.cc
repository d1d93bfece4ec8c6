// What a command costs: its time, its CPU time and its largest memory, with those of its children that it
// waited for.
//
//   cost [--root TREE SOCKET] PROGRAM [ARGUMENT...]
//
// --root: it runs in that file tree, where Docker's socket is SOCKET. Prints milliseconds, milliseconds of
// CPU, KiB and the exit code; what the command says goes to stderr. A program of its own because a process is
// given at exec the largest memory of the one that it was: a child of Python could never be smaller than
// Python.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace {

void Check(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": " + std::strerror(errno));
}

void Mount(const std::string& from, const std::string& to, const char* type, unsigned long flags) {
  Check(mount(from.c_str(), to.c_str(), type, flags, nullptr), "mount " + to);
}

// For this process and its children only.
void Enter(const std::string& tree, const std::string& docker_socket) {
  Check(unshare(CLONE_NEWNS), "unshare");
  Mount("none", "/", nullptr, MS_REC | MS_PRIVATE);
  Mount("/dev", tree + "/dev", nullptr, MS_BIND | MS_REC);
  Mount("proc", tree + "/proc", "proc", 0);
  const std::string socket = tree + "/run/docker.sock";
  close(open(socket.c_str(), O_CREAT | O_CLOEXEC, 0600));
  Mount(docker_socket, socket, nullptr, MS_BIND);
  Check(chroot(tree.c_str()), "chroot " + tree);
  Check(chdir("/"), "chdir");
}

double Milliseconds(const timeval& time) {
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
}

int Run(char** command) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  Check(child, "fork");
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(command[0], command);
    std::perror(command[0]);
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  Check(wait4(child, &status, 0, &usage), "wait4");
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.3f %.3f %ld %d\n", took.count(), Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime),
              usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool in_tree = argc > 1 && std::strcmp(argv[1], "--root") == 0;
  const int command = in_tree ? 4 : 1;
  if (argc <= command) {
    std::fputs("usage: cost [--root TREE SOCKET] PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  try {
    if (in_tree) Enter(argv[2], argv[3]);
    return Run(argv + command);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cost: %s\n", error.what());
    return 1;
  }
}

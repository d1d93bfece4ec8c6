// A real dockerd for tests: private socket, data root, mount and network namespace, all in a temporary
// directory.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace spacelet::testing {

// Thread-safety: thread-compatible. One per test program.
class Engine {
 public:
  // Starts dockerd and waits until it answers. Errors: FailedPrecondition when this machine cannot run it
  // (not root, not installed, a kernel that refuses); the message is the reason, for GTEST_SKIP.
  static absl::StatusOr<std::unique_ptr<Engine>> Start();
  // Removes all containers, ends dockerd, deletes the namespace and the directory.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const std::string& socket() const { return socket_; }
  // Debian's docker-registry at 127.0.0.1:5000 of the engine's network; ends with the engine.
  absl::Status StartRegistry();
  // An image of busybox with all applets in /bin. `changes` are Dockerfile instructions: "CMD
  // [\"sleep\",\"9\"]". Errors: Internal with the daemon's answer.
  absl::Status Import(const std::string& repository, const std::string& tag,
                      const std::vector<std::string>& changes);

 private:
  Engine(std::string directory, std::string network_namespace);
  pid_t Spawn(const std::string& script) const;  // a shell in the engine's network; -1: no process to be had
  absl::Status AwaitPing();
  absl::Status MakeRootFs();
  void RemoveContainers();
  void Terminate();
  std::string LogTail() const;

  std::string directory_, network_namespace_, socket_;
  pid_t pid_ = -1, registry_ = -1;
};

}  // namespace spacelet::testing

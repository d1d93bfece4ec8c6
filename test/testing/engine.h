// A real engine for tests, in a sandbox of its own: hack/engine, so SPACELET_ENGINE names another one than
// this machine's dockerd.
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
  // Starts the engine and waits until it answers. Errors: FailedPrecondition when this machine cannot run it
  // (not root, not installed, a kernel that refuses); the message is the reason, for GTEST_SKIP.
  static absl::StatusOr<std::unique_ptr<Engine>> Start();
  // Why the engine of SPACELET_ENGINE is known to fail that test ("program.Test"), by test/engines.txt, or
  // "".
  static std::string Deviation(const std::string& test);
  // Ends the engine with all that runs on it, and deletes its directory. It ends with this process as well.
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
  explicit Engine(std::string directory);
  absl::Status Up();
  absl::Status MakeRootFs();

  const std::string directory_, name_;  // the former is for our own files
  std::string socket_;
  int alive_ = -1;  // the engine lives as long as this end of its stdin is open
  pid_t registry_ = -1;
};

}  // namespace spacelet::testing

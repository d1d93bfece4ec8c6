// FakeDocker as Docker's HTTP API on a unix socket, in the shapes of dockerd 20.10.
//
// Thread-safety: thread-safe; each connection has a thread and carries one request.
#pragma once

#include <sys/eventfd.h>
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "pkg/base/mutex.h"
#include "pkg/base/unique_fd.h"
#include "test/testing/fake_docker.h"
#include "test/testing/fake_http.h"

namespace spacelet::testing {

struct DaemonOptions {
  // Made at the start, removed at the end; but one that systemd listens on and hands over (sd_listen_fds(3))
  // is used as it is and left behind.
  std::string socket;
  // Called when a request was performed and before it is answered; false: the connection is closed
  // unanswered.
  std::function<bool(const HttpRequest&, pid_t peer)> before_answer;
  // Requests below /_fake/, for scripts that steer the fake from outside.
  std::function<HttpAnswer(const HttpRequest&)> on_fake_request;
};

class FakeDaemon {
 public:
  // Serves `docker`, which must outlive it. Requires: Listen() before anything else.
  FakeDaemon(FakeDocker& docker, DaemonOptions options);
  ~FakeDaemon();  // as the end of a daemon: open connections are cut
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  absl::Status Listen();  // Errors: Unavailable when the socket cannot be made.
  // Accepts nobody any more; who is connected is served on, as by a Docker that is stopped.
  void StopAccepting();
  bool activated() const { return activated_; }  // the listener is systemd's

 private:
  struct Connection {
    int fd = -1;
    std::atomic<bool> done = false;
    std::thread thread;
  };
  absl::Status Bind();
  void Accept();
  void Reap(bool all);
  void Serve(int fd);
  HttpAnswer Answer(const HttpRequest& request);
  std::optional<HttpAnswer> RefuseVersion(const HttpRequest& request);
  void StreamEvents(int fd, const HttpRequest& request);

  FakeDocker& docker_;
  const DaemonOptions options_;
  int listener_ = -1;
  bool activated_ = false;
  base::UniqueFd wake_{eventfd(0, EFD_CLOEXEC)};
  std::stop_source stop_;
  std::thread acceptor_;
  std::list<std::unique_ptr<Connection>> connections_;  // of the acceptor's thread, then of the destructor
};

}  // namespace spacelet::testing

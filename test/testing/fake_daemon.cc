#include "test/testing/fake_daemon.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "test/testing/fake_json.h"
#include "test/testing/fake_routes.h"

namespace spacelet::testing {
namespace {

pid_t PeerOf(int fd) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : -1;
}

// "1.41" → 41; all of Docker's versions begin with 1.
int Minor(const std::string& version) {
  int minor = 0;
  return absl::SimpleAtoi(version.substr(version.find('.') + 1), &minor) ? minor : 0;
}

// "1767225600.000000001" → nanoseconds; 0 when absent.
int64_t SinceNano(const std::string& since) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(since, absl::MaxSplits('.', 1));
  int64_t seconds = 0, nanos = 0;
  if (!absl::SimpleAtoi(parts.first, &seconds)) return 0;
  if (!absl::SimpleAtoi(parts.second, &nanos)) nanos = 0;
  return seconds * 1000000000 + nanos;
}

// sd_listen_fds(3): the first descriptor that systemd passes on is 3.
constexpr int kHandedOver = 3;

bool HasHandedOver() {
  const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
  return pid != nullptr && count != nullptr && pid == absl::StrCat(getpid()) && count == std::string("1");
}

}  // namespace

FakeDaemon::FakeDaemon(FakeDocker& docker, DaemonOptions options)
    : docker_(docker), options_(std::move(options)) {}

absl::Status FakeDaemon::Listen() {
  if (options_.socket.size() + 1 >= sizeof(sockaddr_un::sun_path))
    return absl::UnavailableError("the socket's path is too long");
  activated_ = HasHandedOver();
  if (activated_)
    listener_ = kHandedOver;
  else if (const absl::Status bound = Bind(); !bound.ok())
    return bound;
  acceptor_ = std::thread([this] { Accept(); });
  return absl::OkStatus();
}

// Whoever sees the socket can connect: it gets its name once somebody listens.
absl::Status FakeDaemon::Bind() {
  const std::string nameless = options_.socket + "~";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, nameless.c_str(), nameless.size());
  unlink(nameless.c_str());
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 128) != 0 || rename(nameless.c_str(), options_.socket.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat(options_.socket, ": ", strerror(errno)));
  }
  return absl::OkStatus();
}

void FakeDaemon::StopAccepting() {
  eventfd_write(wake_.get(), 1);
  if (acceptor_.joinable()) acceptor_.join();
}

FakeDaemon::~FakeDaemon() {
  stop_.request_stop();
  docker_.ReleaseHangs();
  StopAccepting();
  Reap(/*all=*/true);
  if (listener_ >= 0) close(listener_);
  if (!activated_) unlink(options_.socket.c_str());
}

void FakeDaemon::Accept() {
  // Not a shutdown of the listener: systemd's serves the next daemon, too.
  pollfd ready[] = {{listener_, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  while (poll(ready, 2, -1) < 0 || ready[1].revents == 0) {
    if (ready[0].revents == 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    Reap(/*all=*/false);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    Connection* raw = connection.get();
    connection->thread = std::thread([this, raw] {
      Serve(raw->fd);
      shutdown(raw->fd, SHUT_RDWR);
      raw->done = true;
    });
    connections_.push_back(std::move(connection));
  }
}

void FakeDaemon::Reap(bool all) {
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (!all && !(*it)->done) {
      ++it;
      continue;
    }
    shutdown((*it)->fd, SHUT_RDWR);
    (*it)->thread.join();
    close((*it)->fd);
    it = connections_.erase(it);
  }
}

void FakeDaemon::Serve(int fd) {
  const std::optional<HttpRequest> request = ReadHttpRequest(fd);
  if (!request) return;
  const bool with_body = request->method != "HEAD";
  if (!ValidHost(*request)) {
    WriteHttpAnswer(fd, {400, "400 Bad Request: malformed Host header", "text/plain; charset=utf-8", {}},
                    with_body);
    return;
  }
  if (absl::StartsWith(request->path, "/_fake/") && options_.on_fake_request) {
    WriteHttpAnswer(fd, options_.on_fake_request(*request), with_body);
    return;
  }
  if (request->path == "/events" && request->method == "GET") return StreamEvents(fd, *request);
  const HttpAnswer answer = Answer(*request);
  if (options_.before_answer && !options_.before_answer(*request, PeerOf(fd))) return;
  WriteHttpAnswer(fd, answer, with_body);
}

HttpAnswer FakeDaemon::Answer(const HttpRequest& request) {
  if (const auto refusal = RefuseVersion(request)) return *refusal;
  return Route(docker_, request, stop_.get_token());
}

std::optional<HttpAnswer> FakeDaemon::RefuseVersion(const HttpRequest& request) {
  if (request.version.empty()) return std::nullopt;
  const EngineOptions limits = docker_.World([](FakeEngine& engine) { return engine.options(); });
  if (Minor(request.version) > Minor(limits.api_version)) {
    return Refusal(400, absl::StrCat("client version ", request.version,
                                     " is too new. Maximum supported API version is ", limits.api_version));
  }
  if (Minor(request.version) >= Minor(limits.min_api_version)) return std::nullopt;
  return Refusal(
      400, absl::StrCat("client version ", request.version, " is too old. Minimum supported API version is ",
                        limits.min_api_version, ", please upgrade your client to a newer version"));
}

void FakeDaemon::StreamEvents(int fd, const HttpRequest& request) {
  std::stop_source gone;
  const std::stop_callback end(stop_.get_token(), [&gone] { gone.request_stop(); });
  const absl::Status status = docker_.Stream(
      SinceNano(request.Query("since")),
      [&] {
        if (!WriteChunkedHeader(fd)) gone.request_stop();
      },
      [&](const docker::Event& event) {
        if (!WriteChunk(fd, ToJson(event).dump() + "\n")) gone.request_stop();
      },
      gone.get_token());
  if (status.ok()) WriteChunk(fd, "");
}

}  // namespace spacelet::testing

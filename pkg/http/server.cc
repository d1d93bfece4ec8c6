#include "pkg/http/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/clock.h"
#include "pkg/http/connection.h"
#include "pkg/http/request_header.h"

namespace spacelet::http {
namespace {

constexpr int kBacklog = 128;
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);  // after EMFILE and the like: no busy loop

// Of a peer that left without a word, as a phone does: its stream would hold a place until the kernel gives
// up, a quarter of an hour later. Milliseconds.
constexpr int kUnacknowledged = 30'000;

struct HostAndPort {
  std::string host, port;
};

absl::StatusOr<HostAndPort> SplitAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("listen address \"", address, "\": expected HOST:PORT, [IPv6]:PORT or :PORT"));
  if (colon == std::string::npos) return bad;
  HostAndPort parts{address.substr(0, colon), address.substr(colon + 1)};
  const bool digits = !parts.port.empty() && parts.port.size() <= 5 &&
                      std::all_of(parts.port.begin(), parts.port.end(), absl::ascii_isdigit);
  if (!digits || std::stoi(parts.port) > 65535) return bad;
  if (parts.host.size() >= 2 && parts.host.front() == '[' && parts.host.back() == ']')
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  else if (parts.host.find(':') != std::string::npos)
    return bad;
  return parts;
}

absl::Status ErrnoStatus(int error, const std::string& address) {
  const std::string message = absl::StrCat("listen on ", address, ": ", std::strerror(error));
  if (error == EADDRINUSE) return absl::AlreadyExistsError(message);
  return absl::UnavailableError(message);
}

absl::StatusOr<int> ListenOn(const addrinfo& info, const std::string& address) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, address);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, info.ai_addr, info.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const absl::Status failed = ErrnoStatus(errno, address);
  close(fd);
  return failed;
}

absl::StatusOr<int> Listen(const std::string& address) {
  const absl::StatusOr<HostAndPort> parts = SplitAddress(address);
  if (!parts.ok()) return parts.status();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(parts->host.empty() ? nullptr : parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (error != 0)
    return absl::InvalidArgumentError(
        absl::StrCat("listen address \"", address, "\": ", gai_strerror(error)));
  absl::StatusOr<int> fd = absl::UnavailableError("no address");
  for (const addrinfo* info = found; info != nullptr && !fd.ok(); info = info->ai_next)
    fd = ListenOn(*info, address);
  freeaddrinfo(found);
  return fd;
}

int PortOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
  return ntohs(storage.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

std::set<std::string> WithMachineNames(const std::set<std::string>& names) {
  std::set<std::string> lower{"localhost"};
  for (const std::string& name : names) lower.insert(HostWithoutPort(name));
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') return lower;
  const std::string full = absl::AsciiStrToLower(host);
  lower.insert(full);
  lower.insert(full.substr(0, full.find('.')));
  return lower;
}

ServerResponse Misdirected() {
  ServerResponse response;
  response.status = 421;
  response.body =
      "this server is not called by that name; start the agent with --allowed-host NAME to allow it\n";
  return response;
}

// poll() over the listener and all connections, on the calling thread.
class Loop {
 public:
  Loop(int listener, const ServerOptions& options, Connection::Answer answer)
      : listener_(listener),
        limits_(options.limits),
        answer_(std::move(answer)),
        wake_(eventfd(0, EFD_CLOEXEC)) {}
  ~Loop() { close(wake_); }

  void Run(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
    });
    while (!stop.stop_requested()) RunOnce();
  }

 private:
  void RunOnce() {
    base::Instant now = clock_.Monotonic();
    std::vector<pollfd> fds = Interests(now);
    poll(fds.data(), fds.size(), TimeoutMilliseconds(now));
    now = clock_.Monotonic();
    size_t i = 2;
    for (Connection& connection : connections_) {
      if (fds[i++].revents != 0) connection.OnReady(now);
      if (!connection.closed() && connection.deadline() <= now) connection.OnDeadline(now);
    }
    connections_.remove_if([](const Connection& c) { return c.closed(); });
    if (fds[0].revents != 0) AcceptAll(now);
  }

  std::vector<pollfd> Interests(base::Instant now) const {
    std::vector<pollfd> fds{{now < accept_after_ ? -1 : listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    for (const Connection& connection : connections_)
      fds.push_back({connection.fd(), connection.interest(), 0});
    return fds;
  }

  int TimeoutMilliseconds(base::Instant now) const {
    base::Instant next = now < accept_after_ ? accept_after_ : base::InfiniteFuture();
    for (const Connection& connection : connections_) next = std::min(next, connection.deadline());
    if (next == base::InfiniteFuture()) return -1;
    return static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(next - now) + 1));
  }

  void AcceptAll(base::Instant now) {
    // A bound, so that a flood of connections does not keep the others from being served.
    for (size_t i = 0; i < limits_.connections; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0)
        Admit(fd, now);
      else if (errno != ECONNABORTED && errno != EINTR)
        return PauseUnlessDrained(errno, now);
    }
  }

  void PauseUnlessDrained(int error, base::Instant now) {
    if (error != EAGAIN) accept_after_ = now + kAcceptPause;
  }

  void Admit(int fd, base::Instant now) {
    if (connections_.size() >= limits_.connections) Evict();
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledged, sizeof kUnacknowledged);
    Connection& connection = connections_.emplace_back(fd, limits_, answer_, now);
    connection.OnReady(now);  // a scrape's request is usually there already
    if (connection.closed()) connections_.pop_back();
  }

  // The one that has used up most of its time makes room: whoever sends a whole request at once is always
  // served.
  void Evict() {
    const auto sooner = [](const Connection& a, const Connection& b) {
      return std::make_pair(a.idle_stream(), a.deadline().since_epoch) <
             std::make_pair(b.idle_stream(), b.deadline().since_epoch);
    };
    connections_.erase(std::min_element(connections_.begin(), connections_.end(), sooner));
  }

  const int listener_;
  const ServerLimits& limits_;
  const Connection::Answer answer_;
  const int wake_;
  base::Clock& clock_ = base::RealClock();
  std::list<Connection> connections_;
  base::Instant accept_after_{};
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Bind(ServerOptions options, Handler handler) {
  const absl::StatusOr<int> listener = Listen(options.listen_address);
  if (!listener.ok()) return listener.status();
  const int port = PortOf(*listener);
  return std::unique_ptr<Server>(new Server(std::move(options), std::move(handler), *listener, port));
}

Server::Server(ServerOptions options, Handler handler, int listener, int port)
    : options_(std::move(options)), handler_(std::move(handler)), listener_(listener), port_(port) {
  options_.allowed_hosts = WithMachineNames(options_.allowed_hosts);
}

Server::~Server() { close(listener_); }

absl::Status Server::Run(const std::stop_token& stop) {
  const auto answer = [this](const RequestHeader& header) {
    const auto host = header.headers.find("host");
    const std::string name = host == header.headers.end() ? "localhost" : HostWithoutPort(host->second);
    if (!IsIpLiteral(name) && options_.allowed_hosts.count(name) == 0) return Misdirected();
    return handler_({header.path, header.query, header.headers});
  };
  Loop(listener_, options_, answer).Run(stop);
  return absl::OkStatus();
}

}  // namespace spacelet::http

#include "pkg/http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <list>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "pkg/base/clock.h"
#include "pkg/http/connection.h"
#include "pkg/http/listener.h"
#include "pkg/http/request_header.h"
#include "pkg/http/sharing.h"
#include "pkg/http/tls.h"

namespace spacelet::http {
namespace {

constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);  // after EMFILE and the like: no busy loop

// Of a peer that left without a word, as a phone does: its stream would hold a place until the kernel gives
// up, a quarter of an hour later. Milliseconds.
constexpr int kUnacknowledged = 30'000;

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

// Where clients come in, and who answers them.
struct Door {
  int listener;  // negative: nobody comes
  Service service;
  std::function<std::shared_ptr<const TlsContext>()> tls;
};

// poll() over the doors and all connections, on the calling thread.
class Loop {
 public:
  Loop(const ServerLimits& limits, Door tcp, Door local)
      : limits_(limits), tcp_(std::move(tcp)), local_(std::move(local)), wake_(eventfd(0, EFD_CLOEXEC)) {}

  void Run(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
    });
    while (!stop.stop_requested()) RunOnce();
  }

 private:
  static constexpr size_t kTcp = 0, kLocal = 1, kFirstConnection = 3;  // in pollfds; 2 wakes

  void RunOnce() {
    base::Instant now = clock_.Monotonic();
    std::vector<pollfd> fds = Interests(now);
    poll(fds.data(), fds.size(), TimeoutMilliseconds(now));
    now = clock_.Monotonic();
    ServeTalking(fds, now);
    is_busy_ = !ShakeHands(fds, now);
    connections_.remove_if([](const Connection& c) { return c.closed(); });
    if (fds[kLocal].revents != 0) AcceptAll(local_, now);
    if (fds[kTcp].revents != 0) AcceptAll(tcp_, now);
  }

  std::vector<pollfd> Interests(base::Instant now) const {
    const bool pause = now < accept_after_;
    std::vector<pollfd> fds{{pause ? -1 : tcp_.listener, POLLIN, 0},
                            {pause ? -1 : local_.listener, POLLIN, 0},
                            {wake_.get(), POLLIN, 0}};
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

  // Everybody but those who have no keys yet, and the deadlines of all.
  void ServeTalking(const std::vector<pollfd>& fds, base::Instant now) {
    size_t i = kFirstConnection;
    for (Connection& connection : connections_) {
      if (fds[i++].revents != 0 && !connection.handshaking()) connection.OnReady(now);
      if (!connection.closed() && connection.deadline() <= now) connection.OnDeadline(now);
    }
  }

  // One at least; whether all had their turn: a signature takes up to some milliseconds.
  bool ShakeHands(const std::vector<pollfd>& fds, base::Instant now) {
    std::vector<Connection*> ready;
    std::vector<std::string> peers;
    size_t i = kFirstConnection;
    for (Connection& connection : connections_) {
      if (fds[i++].revents == 0 || connection.closed() || !connection.handshaking()) continue;
      ready.push_back(&connection);
      peers.push_back(connection.peer());
    }
    const base::Instant enough = now + limits_.turn;
    bool is_first = true;
    for (const size_t next : TurnOrder(peers, last_peer_)) {
      if (!std::exchange(is_first, false) && clock_.Monotonic() >= enough) return false;
      last_peer_ = peers[next];
      ready[next]->OnReady(now);
    }
    return true;
  }

  void AcceptAll(const Door& door, base::Instant now) {
    // All of them where it can be: who comes while the backlog is full is not heard for a second (TCP sends
    // its SYN again).
    const base::Instant enough = clock_.Monotonic() + limits_.turn;
    do {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd =
          accept4(door.listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0)
        Admit(fd, PeerOf(address), door, now);
      else if (errno != ECONNABORTED && errno != EINTR)
        return PauseUnlessDrained(errno, now);
    } while (clock_.Monotonic() < enough);
  }

  void PauseUnlessDrained(int error, base::Instant now) {
    if (error != EAGAIN) accept_after_ = now + kAcceptPause;
  }

  void Admit(int fd, std::string peer, const Door& door, base::Instant now) {
    if (connections_.size() >= limits_.connections && !MakeRoomFor(peer)) {
      close(fd);
      if (door.service.on_handshake_failed) door.service.on_handshake_failed(HandshakeFailure::kBusy);
      return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledged, sizeof kUnacknowledged);
    Connection& connection = connections_.emplace_back(fd, std::move(peer), door.tls ? door.tls() : nullptr,
                                                       limits_, door.service, now);
    if (connection.handshaking()) return;
    connection.OnReady(now);  // a scrape's request is usually there already
    if (connection.closed()) connections_.pop_back();
  }

  // Whoever sends a whole request at once is always served, unless it is its peer's own handshakes that take
  // all of the time.
  bool MakeRoomFor(const std::string& peer) {
    std::vector<Place> places;
    for (const Connection& c : connections_) places.push_back({c.peer(), c.idle_stream(), c.end()});
    const std::optional<size_t> given_up = PlaceToGiveUp(places, peer, is_busy_);
    if (!given_up) return false;
    const auto at = std::next(connections_.begin(), static_cast<std::ptrdiff_t>(*given_up));
    at->OnGivenUp();
    connections_.erase(at);
    return true;
  }

  const ServerLimits& limits_;
  const Door tcp_, local_;
  const base::UniqueFd wake_;
  base::Clock& clock_ = base::RealClock();
  std::list<Connection> connections_;
  base::Instant accept_after_{};
  bool is_busy_ = false;   // some handshakes did not have their turn
  std::string last_peer_;  // who had the last one
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Bind(ServerOptions options, Handler handler) {
  absl::StatusOr<base::UniqueFd> listener = ListenOnTcp(options.listen_address);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<Server>(new Server(std::move(options), std::move(handler), *std::move(listener)));
}

Server::Server(ServerOptions options, Handler handler, base::UniqueFd listener)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      listener_(std::move(listener)),
      port_(PortOf(listener_)) {
  options_.allowed_hosts = WithMachineNames(options_.allowed_hosts);
  if (!options_.socket_path.empty()) ListenOnSocket();
}

void Server::ListenOnSocket() {
  absl::StatusOr<base::UniqueFd> socket = ListenOnPath(options_.socket_path);
  socket_status_ = socket.status();
  if (socket.ok()) socket_ = *std::move(socket);
}

Server::~Server() {
  if (socket_.valid()) unlink(options_.socket_path.c_str());
}

absl::Status Server::Run(const std::stop_token& stop) {
  Loop(options_.limits,
       {listener_.get(),
        {[this](const RequestHeader& header) { return Answer(header, false); }, options_.on_handshake_failed},
        options_.tls},
       {socket_.get(),
        {[this](const RequestHeader& header) { return Answer(header, true); }, nullptr},
        nullptr})
      .Run(stop);
  return absl::OkStatus();
}

ServerResponse Server::Answer(const RequestHeader& header, bool local) const {
  const auto host = header.headers.find("host");
  const std::string name = host == header.headers.end() ? "localhost" : HostWithoutPort(host->second);
  if (!local && !IsIpLiteral(name) && options_.allowed_hosts.count(name) == 0) return Misdirected();
  return handler_({header.path, header.query, header.headers, local});
}

}  // namespace spacelet::http

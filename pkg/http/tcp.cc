#include "pkg/http/tcp.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"

namespace spacelet::http {
namespace {

using std::chrono::steady_clock;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& ip, uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) != 1)
    return absl::InvalidArgumentError(absl::StrCat(ip, " is no IP address"));
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  address.size = sizeof(sockaddr_in6);
  return address;
}

absl::Status Broken(int error) { return absl::UnavailableError(std::generic_category().message(error)); }

// What became of a connect that was begun.
absl::Status Decided(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : Broken(error);
}

absl::Status Connect(int fd, const Address& address, Patience& patience) {
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0)
    return absl::OkStatus();
  if (errno != EINPROGRESS) return Broken(errno);
  RETURN_IF_ERROR(patience.Await(fd, POLLOUT));
  return Decided(fd);
}

}  // namespace

Patience::Patience(absl::Duration time, const std::stop_token& stop)
    : deadline_(steady_clock::now() +
                absl::ToChronoNanoseconds(std::clamp(time, absl::ZeroDuration(), absl::Hours(24)))),
      stopped_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wake_(stop, [this] { (void)::eventfd_write(stopped_.get(), 1); }) {}

absl::Status Patience::Await(int fd, int16_t events) {
  if (!stopped_.valid()) return absl::ResourceExhaustedError("no file descriptor is left");
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now());
    if (left.count() <= 0) return absl::DeadlineExceededError("no answer in time");
    pollfd fds[] = {{fd, events, 0}, {stopped_.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Broken(errno);
    if (fds[1].revents != 0) return absl::CancelledError("stopped");
    if (ready > 0) return absl::OkStatus();
  }
}

absl::StatusOr<base::UniqueFd> ConnectTcp(const std::string& ip, uint16_t port, Patience& patience) {
  ASSIGN_OR_RETURN(const Address address, ParseAddress(ip, port));
  base::UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const absl::Status status = fd.valid() ? Connect(fd.get(), address, patience) : Broken(errno);
  if (status.ok()) return fd;
  return absl::Status(status.code(), absl::StrCat("connect :", port, ": ", status.message()));
}

absl::Status SendAll(int fd, absl::string_view bytes, Patience& patience) {
  while (!bytes.empty()) {
    RETURN_IF_ERROR(patience.Await(fd, POLLOUT));
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return Broken(errno);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Receive(int fd, char* buffer, size_t size, Patience& patience) {
  for (;;) {
    RETURN_IF_ERROR(patience.Await(fd, POLLIN));
    const ssize_t received = ::recv(fd, buffer, size, 0);
    if (received >= 0) return static_cast<size_t>(received);
    if (errno != EAGAIN && errno != EINTR) return Broken(errno);
  }
}

}  // namespace spacelet::http

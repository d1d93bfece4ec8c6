#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "pkg/base/unique_fd.h"
#include "pkg/probe/checker.h"

namespace spacelet::probe {
namespace {

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

absl::Status Failed(uint16_t port, int error) {
  return absl::UnavailableError(
      absl::StrCat("connect :", port, ": ", std::generic_category().message(error)));
}

// Waits until the connect is decided. `cancelled` becomes readable at stop.
absl::Status Await(int socket_fd, int cancelled_fd, uint16_t port, absl::Duration timeout) {
  pollfd fds[] = {{socket_fd, POLLOUT, 0}, {cancelled_fd, POLLIN, 0}};
  const int ready = ::poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  if (ready < 0) return Failed(port, errno);
  if (fds[1].revents != 0) return absl::CancelledError("stopped");
  if (ready == 0) return absl::DeadlineExceededError(absl::StrCat("connect :", port, ": no answer"));
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(socket_fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : Failed(port, error);
}

}  // namespace

absl::Status TcpConnect(const std::string& ip, uint16_t port, absl::Duration timeout,
                        const std::stop_token& stop) {
  absl::StatusOr<Address> address = ParseAddress(ip, port);
  if (!address.ok()) return address.status();
  const base::UniqueFd socket(
      ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const base::UniqueFd cancelled(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (socket.get() < 0 || cancelled.get() < 0) return Failed(port, errno);
  std::stop_callback cancel(stop, [&] { ::eventfd_write(cancelled.get(), 1); });
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) == 0)
    return absl::OkStatus();
  if (errno != EINPROGRESS) return Failed(port, errno);
  return Await(socket.get(), cancelled.get(), port, timeout);
}

}  // namespace spacelet::probe

#include "pkg/http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace spacelet::http {
namespace {

constexpr int kBacklog = 512;  // the kernel's own limit may be lower (net.core.somaxconn)

constexpr mode_t kSocketMode = 0660;

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

base::UniqueFd NewSocket(int family) {
  return base::UniqueFd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

absl::StatusOr<base::UniqueFd> ListenOn(const addrinfo& info, const std::string& address) {
  base::UniqueFd fd = NewSocket(info.ai_family);
  if (!fd.valid()) return ErrnoStatus(errno, address);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) == 0 && listen(fd.get(), kBacklog) == 0) return fd;
  return ErrnoStatus(errno, address);
}

// What an agent that was killed has left.
absl::Status RemoveSocket(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return absl::OkStatus();
  if (!S_ISSOCK(found.st_mode))
    return absl::FailedPreconditionError(absl::StrCat("listen on ", path, ": what is there is no socket"));
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

}  // namespace

absl::StatusOr<base::UniqueFd> ListenOnTcp(const std::string& address) {
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
  absl::StatusOr<base::UniqueFd> fd = absl::UnavailableError("no address");
  for (const addrinfo* info = found; info != nullptr && !fd.ok(); info = info->ai_next)
    fd = ListenOn(*info, address);
  freeaddrinfo(found);
  return fd;
}

int PortOf(const base::UniqueFd& listener) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
  return ntohs(storage.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

absl::StatusOr<base::UniqueFd> ListenOnPath(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return absl::InvalidArgumentError(absl::StrCat("listen on ", path, ": a socket's path has at most ",
                                                   sizeof address.sun_path - 1, " bytes"));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (absl::Status removed = RemoveSocket(path); !removed.ok()) return removed;
  base::UniqueFd fd = NewSocket(AF_UNIX);
  // The mode before bind narrows what the umask leaves, so that the socket is at no time open to others; the
  // one after widens it again.
  const bool listening = fd.valid() && fchmod(fd.get(), kSocketMode) == 0 &&
                         bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                         chmod(path.c_str(), kSocketMode) == 0 && listen(fd.get(), kBacklog) == 0;
  if (!listening) return ErrnoStatus(errno, path);
  return fd;
}

}  // namespace spacelet::http

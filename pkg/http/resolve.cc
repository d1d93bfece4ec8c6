#include "pkg/http/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/thread.h"

namespace spacelet::http {
namespace {

using Addresses = absl::StatusOr<std::vector<std::string>>;

std::string Literal(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = address->sa_family == AF_INET
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return inet_ntop(address->sa_family, bytes, text, sizeof text) == nullptr ? "" : text;
}

Addresses LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return absl::NotFoundError(gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    if (one->ai_family == AF_INET || one->ai_family == AF_INET6) addresses.push_back(Literal(one->ai_addr));
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const std::string& ip) { return ip.find(':') == std::string::npos; });
  if (addresses.empty()) return absl::NotFoundError("it has no address");
  return addresses;
}

struct Pending {
  std::mutex mu;
  std::condition_variable done;
  std::optional<Addresses> addresses;
};

}  // namespace

Addresses Resolve(const std::string& host, absl::Duration within) {
  const auto pending = std::make_shared<Pending>();
  ASSIGN_OR_RETURN(std::jthread thread, base::StartThread([pending, host] {
                     Addresses addresses = LookUp(host);
                     const std::lock_guard<std::mutex> lock(pending->mu);
                     pending->addresses = std::move(addresses);
                     pending->done.notify_one();
                   }));
  thread.detach();
  std::unique_lock<std::mutex> lock(pending->mu);
  const bool answered = pending->done.wait_for(lock, absl::ToChronoMilliseconds(within),
                                               [&] { return pending->addresses.has_value(); });
  if (!answered)
    return absl::DeadlineExceededError(
        absl::StrCat("the name servers do not answer within ", absl::FormatDuration(within)));
  return *std::move(pending->addresses);
}

}  // namespace spacelet::http

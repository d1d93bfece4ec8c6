#include "pkg/http/resolve.h"

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

std::string Literal(const addrinfo& one) {
  char text[NI_MAXHOST] = "";
  const int error = getnameinfo(one.ai_addr, one.ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text : "";
}

// `flags`: AI_NUMERICHOST asks nobody.
Addresses LookUp(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return absl::NotFoundError(gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
    if (one->ai_family == AF_INET || one->ai_family == AF_INET6) addresses.push_back(Literal(*one));
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const std::string& ip) { return ip.find(':') == std::string::npos; });
  if (addresses.empty()) return absl::NotFoundError("it has no address");
  return addresses;
}

struct Pending {
  std::mutex mu;
  std::condition_variable_any done;
  std::optional<Addresses> addresses;
};

}  // namespace

Addresses Resolve(const std::string& host, absl::Duration within, const std::stop_token& stop) {
  if (Addresses literal = LookUp(host, AI_NUMERICHOST); literal.ok()) return literal;
  const auto pending = std::make_shared<Pending>();
  ASSIGN_OR_RETURN(std::jthread thread, base::StartThread([pending, host] {
                     Addresses addresses = LookUp(host, 0);
                     const std::lock_guard<std::mutex> lock(pending->mu);
                     pending->addresses = std::move(addresses);
                     pending->done.notify_one();
                   }));
  thread.detach();
  std::unique_lock<std::mutex> lock(pending->mu);
  const bool answered = pending->done.wait_for(lock, stop, absl::ToChronoMilliseconds(within),
                                               [&] { return pending->addresses.has_value(); });
  if (answered) return *std::move(pending->addresses);
  if (stop.stop_requested()) return absl::CancelledError("stopped");
  return absl::DeadlineExceededError(
      absl::StrCat("the name servers do not answer within ", absl::FormatDuration(within)));
}

}  // namespace spacelet::http

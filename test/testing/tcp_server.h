// A server on a loopback TCP port that does with each connection what its script says. One thread a
// connection.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/base/mutex.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::testing {

// One connection, as the script sees it.
class TcpPeer {
 public:
  explicit TcpPeer(int fd) : fd_(fd) {}

  // Until the empty line; what came when the client left before.
  std::string ReadHeader() const {
    std::string text;
    char buffer[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (n <= 0) break;
      text.append(buffer, static_cast<size_t>(n));
    }
    return text;
  }
  // False once the client is gone.
  bool Send(absl::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // From now on what is sent reaches as far as that: 1 is the next machine.
  void SetHops(int hops) const { ::setsockopt(fd_, IPPROTO_IP, IP_TTL, &hops, sizeof(hops)); }
  void WaitForClose() const {
    char buffer[4096];
    while (::recv(fd_, buffer, sizeof(buffer), 0) > 0) {
    }
  }

 private:
  int fd_;
};

class TcpServer {
 public:
  using Script = std::function<void(const TcpPeer& peer)>;

  // Null: it is only listened on, nobody answers.
  explicit TcpServer(Script script = nullptr)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 64), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    if (script_) acceptor_ = std::thread([this] { Accept(); });
  }
  // Reads a request's header, answers with these bytes and closes.
  static Script Answering(std::string bytes) {
    return [bytes = std::move(bytes)](const TcpPeer& peer) {
      peer.ReadHeader();
      peer.Send(bytes);
    };
  }
  ~TcpServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
      base::MutexLock lock(mu_);
      for (const base::UniqueFd& fd : open_) ::shutdown(fd.get(), SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  uint16_t port() const { return port_; }

 private:
  void Accept() {
    for (;;) {
      base::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd.valid()) return;
      base::MutexLock lock(mu_);
      open_.push_back(std::move(fd));
      threads_.emplace_back([this, peer = open_.back().get()] {
        script_(TcpPeer(peer));
        ::shutdown(peer, SHUT_RDWR);
      });
    }
  }

  const Script script_;
  base::UniqueFd listener_;
  uint16_t port_ = 0;
  std::thread acceptor_;
  base::Mutex mu_;
  std::vector<base::UniqueFd> open_;  // until the end: no number is given out again meanwhile
  std::vector<std::thread> threads_;
};

}  // namespace spacelet::testing

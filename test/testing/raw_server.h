// A server on a unix socket that answers with exactly the bytes of a script. One thread a connection.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spacelet::testing {

// One connection, as the script sees it.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  // The request's head and, by its Content-Length, its body.
  std::string ReadRequest() {
    std::string text;
    size_t wanted = std::string::npos;
    char buffer[65536];
    while (text.size() < wanted) {
      const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
      if (n <= 0) break;
      text.append(buffer, static_cast<size_t>(n));
      const size_t head = text.find("\r\n\r\n");
      if (head != std::string::npos) wanted = head + 4 + ContentLength(text.substr(0, head));
    }
    return text;
  }

  // False once the client is gone.
  bool Send(const std::string& bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }

  // Blocks until the client closes, at most `timeout_ms`.
  bool WaitForClose(int timeout_ms = 10000) {
    pollfd p = {fd_, POLLRDHUP, 0};
    return poll(&p, 1, timeout_ms) == 1;
  }

 private:
  static size_t ContentLength(const std::string& head) {
    size_t length = 0;
    const size_t at = head.find("Content-Length: ");
    if (at != std::string::npos &&
        !absl::SimpleAtoi(head.substr(at + 16, head.find('\r', at) - at - 16), &length))
      return 0;
    return length;
  }

  int fd_;
};

inline std::string Answer(int status, const std::string& body, const std::string& headers = "") {
  return absl::StrCat("HTTP/1.1 ", status, " X\r\n", headers, "Content-Length: ", body.size(), "\r\n\r\n",
                      body);
}
inline std::string Chunk(const std::string& data) {
  return absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n");
}
inline std::string Chunked(const std::string& chunks, int status = 200) {
  return absl::StrCat("HTTP/1.1 ", status, " X\r\nTransfer-Encoding: chunked\r\n\r\n", chunks);
}

class RawServer {
 public:
  using Script = std::function<void(Peer& peer, const std::string& request)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    char directory[] = "/tmp/raw-server-XXXXXX";
    directory_ = mkdtemp(directory);
    path_ = directory_ + "/socket";
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
    if (listen(listener_, SOMAXCONN) != 0) std::abort();  // a full queue refuses a connect (EAGAIN)
    acceptor_ = std::thread([this] { Accept(); });
  }
  // Answers each request by what `answer` makes of it.
  static Script Answering(std::function<std::string(const std::string& request)> answer) {
    return
        [answer = std::move(answer)](Peer& peer, const std::string& request) { peer.Send(answer(request)); };
  }

  ~RawServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      std::lock_guard<std::mutex> lock(mu_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  const std::string& path() const { return path_; }
  std::string url() const { return "unix://" + path_; }
  std::vector<std::string> requests() const {
    std::lock_guard<std::mutex> lock(mu_);
    return requests_;
  }

 private:
  void Accept() {
    for (int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0;
         fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) {
      std::lock_guard<std::mutex> lock(mu_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    Peer peer(fd);
    const std::string request = peer.ReadRequest();
    {
      std::lock_guard<std::mutex> lock(mu_);
      requests_.push_back(request);
    }
    script_(peer, request);
    std::lock_guard<std::mutex> lock(mu_);
    std::erase(open_, fd);
    close(fd);
  }

  Script script_;
  std::string directory_, path_;
  int listener_ = -1;
  std::thread acceptor_;
  mutable std::mutex mu_;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
};

}  // namespace spacelet::testing

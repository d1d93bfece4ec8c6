// What the client of the Docker daemon makes of any answer. Its parser is cpp-httplib's and reads from a
// socket, so there is one, with a peer that gives the input as its answer and closes.
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/unique_fd.h"
#include "pkg/http/client.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

constexpr size_t kMostBodyBytes = 256;

class Peer {
 public:
  Peer() : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    std::string directory = "/tmp/spacelet-fuzz.XXXXXX";
    Require(mkdtemp(directory.data()) != nullptr, "there is a directory");
    path_ = directory + "/peer.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool listens =
        bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        listen(listener_.get(), 8) == 0;
    Require(listens, "there is a socket");
    thread_ = std::thread([this] { Serve(); });
  }
  ~Peer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    unlink(path_.c_str());
    rmdir(path_.substr(0, path_.rfind('/')).c_str());
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const std::string& path() const { return path_; }
  void Answer(absl::string_view bytes) {
    const std::lock_guard lock(mu_);
    answer_ = std::string(bytes);
  }

 private:
  void Serve() {
    while (true) {
      const base::UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) return;
      std::string request;
      char buffer[4096];
      for (ssize_t n = 0;
           !absl::StrContains(request, "\r\n\r\n") && (n = recv(client.get(), buffer, sizeof buffer, 0)) > 0;)
        request.append(buffer, static_cast<size_t>(n));
      const std::lock_guard lock(mu_);
      for (size_t sent = 0; sent < answer_.size();) {
        const ssize_t n = send(client.get(), answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<size_t>(n);
      }
    }
  }

  const base::UniqueFd listener_;
  std::string path_;
  std::mutex mu_;
  std::string answer_;
  std::thread thread_;
};

http::Request Get(const std::string& target) {
  http::Request request;
  request.target = target;
  return request;
}

http::Endpoint EndpointOf(const Peer& peer) {
  http::Endpoint endpoint;
  endpoint.path = peer.path();
  return endpoint;
}

void RequireError(const absl::Status& status) {
  RequireReason(status);
  Require(!absl::IsDeadlineExceeded(status), "an answer that has ended ends the call");
}

void CheckCall(http::Client& client, const http::CallOptions& options) {
  const absl::StatusOr<http::Response> response = client.Call(Get("/info"), options);
  if (!response.ok()) return RequireError(response.status());
  Require(response->body.size() <= kMostBodyBytes, "a body is bounded");
  Require(response->status >= 100 && response->status <= 599, "an answer has a status");
}

// A stream that somebody has heard enough of ends.
void CheckStream(http::Client& client, const http::CallOptions& options) {
  size_t heard = 0;
  const absl::StatusOr<http::Response> response =
      client.Stream(Get("/events"), options, nullptr, [&heard](absl::string_view chunk) {
        Require(heard <= kMostBodyBytes, "who has heard enough hears no more");
        heard += chunk.size();
        return heard <= kMostBodyBytes;
      });
  if (!response.ok()) return RequireError(response.status());
  Require(response->body.size() <= kMostBodyBytes, "a body is bounded");
}

}  // namespace

void Check(absl::string_view input) {
  static Peer peer;
  static http::Client client(EndpointOf(peer));
  peer.Answer(input);
  http::CallOptions options;
  options.deadline = absl::Seconds(20);
  options.max_body_bytes = kMostBodyBytes;
  CheckCall(client, options);
  CheckStream(client, options);
}

}  // namespace spacelet::fuzz

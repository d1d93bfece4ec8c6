// HTTP/1.1 client over a unix socket, TCP or TLS; one connection a call (cpp-httplib underneath, client.cc
// only). The traps of cpp-httplib 0.11.4 are handled here and nowhere else: own Host header, total deadline
// (its timeouts are per read, and looking up a name has none), sticky cancellation, response cap, no
// keep-alive (a 304 on one hangs).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::http {

class DeadlineTimer;  // deadline_timer.h

struct TlsFiles {  // PEM paths; empty: not used
  std::string ca, cert, key;
};

struct Endpoint {
  enum class Kind { kUnix, kTcp, kTls };
  Kind kind = Kind::kUnix;
  std::string path;  // kUnix
  std::string host;  // kTcp, kTls
  int port = 0;
  TlsFiles tls;         // without a CA: the system's
  std::string address;  // kTcp, kTls: an IP literal to connect to in place of looking `host` up; may be empty
};
// "unix:///var/run/docker.sock", "tcp://host:port", "http://host:port", "https://host:port". Errors:
// InvalidArgument.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url);
// The Host header that is sent: without the port where it is the scheme's own (a signature over the header
// counts each byte). "docker" for a unix socket.
std::string HostHeader(const Endpoint& endpoint);

struct Request {
  std::string method = "GET";
  std::string target;  // path and query, already percent-encoded (PercentEncode)
  std::map<std::string, std::string> headers;
  std::string body;
  std::string content_type = "application/json";
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  int listener_pid = 0;  // who listens on the unix socket (unix(7) SO_PEERCRED); 0: not known
};

struct CallOptions {
  absl::Duration deadline = absl::Seconds(30);           // for the whole call; infinite for a stream
  absl::Duration inactivity = absl::InfiniteDuration();  // longest silence in a body
  absl::Duration opening = absl::InfiniteDuration();     // until the header; for a stream without a deadline
  size_t max_body_bytes = 16 << 20;                      // above: OutOfRange, connection closed
  std::stop_token stop;
};

// Thread-safety: thread-safe; each call has a connection of its own.
class Client {
 public:
  // Ignores SIGPIPE in the whole process.
  explicit Client(Endpoint endpoint);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any HTTP status from 100 to 599 is OK here. Errors: Unavailable refused, absent, no such name, EOF, cut
  // body, no such status; DeadlineExceeded, also by name servers that do not answer; Cancelled by stop;
  // PermissionDenied EACCES on the socket; OutOfRange body too large; InvalidArgument control characters in
  // target or headers; ResourceExhausted no thread to be had. Messages name method and target.
  absl::StatusOr<Response> Call(const Request& request, const CallOptions& options);
  // `on_chunk` gets the body as it comes when the status is 2xx; false ends the call with OK. Other statuses:
  // the body is collected. `on_open` (may be null) is called once at the response's header. `max_body_bytes`
  // does not limit chunks.
  absl::StatusOr<Response> Stream(const Request& request, const CallOptions& options,
                                  const std::function<void(int status)>& on_open,
                                  const std::function<bool(absl::string_view chunk)>& on_chunk);
  // Sends `size` bytes piece by piece from `next`, which is asked with the offset reached; its error ends the
  // call.
  absl::StatusOr<Response> Upload(const Request& request, const CallOptions& options, uint64_t size,
                                  const std::function<absl::StatusOr<std::string>(uint64_t offset)>& next);

 private:
  Endpoint endpoint_;
  std::unique_ptr<DeadlineTimer> timer_;
};

// Whether it was TLS that failed: no handshake, or a certificate that is not believed. The message says why.
bool IsTlsTrouble(const absl::Status& status);

// Encodes everything but unreserved characters.
std::string PercentEncode(absl::string_view text);

}  // namespace spacelet::http

// A small read-only HTTP/1.x server: GET and HEAD, no bodies, one request a connection, one thread, poll().
// Slow or hostile clients cost a slot for a few seconds and nothing else (docs/adr/0005-http-server.md says
// why this is not cpp-httplib's server).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::http {

struct RequestHeader;  // request_header.h
class TlsContext;      // tls.h

struct ServerRequest {
  std::string path;                                 // as sent, without the query; begins with "/"
  std::map<std::string, std::string> query;         // percent-decoded
  std::map<std::string, std::string> headers = {};  // lower-case names
  bool local = false;  // by ServerOptions::socket_path: the file's permissions have let the client in
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::map<std::string, std::string> headers = {};  // besides those that every answer has
  // Set: the response goes on after `body`. Called from the server's thread whenever all was sent, at least
  // every ServerOptions::stream_interval: more bytes, "" for none yet, nullopt for the end. Not called for
  // HEAD. Destroyed on that thread, as soon as the connection is closed.
  std::function<std::optional<std::string>()> more;
  // Set: the response is not known yet, and the rest of this one does not count. Called from the server's
  // thread every ServerLimits::later_interval until it gives one (whose own `later` does not count), at most
  // for ServerLimits::later_deadline: then the answer is a 503.
  std::function<std::optional<ServerResponse>()> later = {};
};

// Runs on the server's only thread: it must not block, do I/O or wait for anybody who does. An exception is a
// 500 without its text.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct ServerLimits {
  size_t header_bytes = 8 << 10;                      // above: 431
  absl::Duration header_deadline = absl::Seconds(5);  // for the handshake and the whole header: 408
  absl::Duration write_deadline = absl::Seconds(5);   // for what is to be sent, as a whole: closed
  size_t connections = 64;  // one more: one of the peer that has the most is closed (sharing.h)
  absl::Duration stream_interval = absl::Milliseconds(200);
  absl::Duration later_interval = absl::Milliseconds(10);
  absl::Duration later_deadline = absl::Seconds(10);
  // What the handshakes of one turn of the loop may take together, those of different peers taking turns, and
  // what its newcomers may; what is left waits for the next turn, after everything else.
  absl::Duration turn = absl::Milliseconds(10);
};

enum class HandshakeFailure {
  kPlaintext,  // HTTP where TLS is spoken
  kRefused,    // by either side: a version, a cipher, a certificate; or what came is no TLS
  kTimeout,    // it was not over within the header's deadline
  kBusy,  // the place was needed for another peer, or none was free while others waited for the processor
};

struct ServerOptions {
  std::string listen_address =
      "127.0.0.1:9746";  // HOST:PORT, [IPv6]:PORT, :PORT for all interfaces; port 0: any free
  // Names, besides IP literals, "localhost" and the machine's own, by which the server may be called; others
  // get a 421 (a web page of a hostile name that resolves to 127.0.0.1 must not read this).
  std::set<std::string> allowed_hosts;
  ServerLimits limits;
  // TLS of the next connection by TCP; unset or null: plain. Called from the server's thread.
  std::function<std::shared_ptr<const TlsContext>()> tls = {};
  // Told of each handshake that came to nothing, but for a client that never said anything. Called from the
  // server's thread.
  std::function<void(HandshakeFailure)> on_handshake_failed = {};
  // Clients of this machine may come by this socket as well (0660), under any host name and without TLS.
  // Empty: none.
  std::string socket_path = {};
};

// Thread-safety: port() may be called from any thread; Run once.
class Server {
 public:
  // Binds and listens; connections wait in the backlog until Run. SO_REUSEADDR on, SO_REUSEPORT off.
  // Errors: InvalidArgument the address cannot be understood; AlreadyExists the port is taken; Unavailable
  // otherwise.
  static absl::StatusOr<std::unique_ptr<Server>> Bind(ServerOptions options, Handler handler);
  ~Server();

  int port() const { return port_; }
  // Why nobody can come by socket_path; OK where they can, or where there is none.
  const absl::Status& socket_status() const { return socket_status_; }
  // Serves until `stop`; what is being sent then is cut. Always OK.
  absl::Status Run(const std::stop_token& stop);

 private:
  Server(ServerOptions options, Handler handler, base::UniqueFd listener);
  void ListenOnSocket();
  ServerResponse Answer(const RequestHeader& header, bool local) const;

  ServerOptions options_;
  Handler handler_;
  base::UniqueFd listener_, socket_;
  absl::Status socket_status_;
  int port_;
};

}  // namespace spacelet::http

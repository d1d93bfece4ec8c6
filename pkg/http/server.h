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

namespace spacelet::http {

struct ServerRequest {
  std::string path;                                 // as sent, without the query; begins with "/"
  std::map<std::string, std::string> query;         // percent-decoded
  std::map<std::string, std::string> headers = {};  // lower-case names
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
};

// Runs on the server's only thread: it must not block, do I/O or wait for anybody who does. An exception is a
// 500 without its text.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct ServerLimits {
  size_t header_bytes = 8 << 10;                      // above: 431
  absl::Duration header_deadline = absl::Seconds(5);  // for the whole header: 408
  absl::Duration write_deadline = absl::Seconds(5);   // for what is to be sent, as a whole: closed
  size_t connections = 64;  // one more: the connection nearest to its deadline is closed
  absl::Duration stream_interval = absl::Milliseconds(200);
};

struct ServerOptions {
  std::string listen_address =
      "127.0.0.1:9746";  // HOST:PORT, [IPv6]:PORT, :PORT for all interfaces; port 0: any free
  // Names, besides IP literals, "localhost" and the machine's own, by which the server may be called; others
  // get a 421 (a web page of a hostile name that resolves to 127.0.0.1 must not read this).
  std::set<std::string> allowed_hosts;
  ServerLimits limits;
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
  // Serves until `stop`; what is being sent then is cut. Always OK.
  absl::Status Run(const std::stop_token& stop);

 private:
  Server(ServerOptions options, Handler handler, int listener, int port);

  ServerOptions options_;
  Handler handler_;
  int listener_;
  int port_;
};

}  // namespace spacelet::http

// As much HTTP/1.1 as the stand-ins need: one request a connection, no bodies.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

namespace spacelet::standin {

struct Request {
  std::string method, path;
  std::map<std::string, std::string> query;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// A listener and a thread per connection.
// Thread-safety: Close may be called from any thread, once.
class Server {
 public:
  // Listens on all addresses; exits the process with a message when the port is taken, as the real programs
  // do.
  Server(int port, std::function<Response(const Request&)> handle);
  // The port refuses connections from here on; requests under way are finished.
  void Close();
  int running_requests() const { return running_; }

 private:
  void Accept();
  void Serve(int connection);

  const std::function<Response(const Request&)> handle_;
  const int listener_;
  std::atomic<int> running_ = 0;
};

// Calls `url` (http://host:port/base/) + `path` within about a second. Status 0: no answer; `body` says why.
Response Call(const std::string& method, const std::string& url, const std::string& path);

}  // namespace spacelet::standin

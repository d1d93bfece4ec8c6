// The few lines of HTTP/1.1 that the fake daemon speaks: one request a connection.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::testing {

struct HttpRequest {
  std::string method, path;  // the path percent-decoded, without the query
  std::string version;       // of the API: "1.41" of "/v1.41/info", empty without
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::string Query(const std::string& key) const {
    const auto found = query.find(key);
    return found == query.end() ? "" : found->second;
  }
};

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
};

// Reads one request from a socket; nullopt when the peer went away or speaks something else.
std::optional<HttpRequest> ReadHttpRequest(int fd);
// As Go's net/http, which answers 400 to a Host that is none, e.g. a socket's path.
bool ValidHost(const HttpRequest& request);

// False when the peer is gone.
bool WriteHttpAnswer(int fd, const HttpAnswer& answer, bool with_body);
bool WriteChunkedHeader(int fd);
bool WriteChunk(int fd, absl::string_view data);

}  // namespace spacelet::testing

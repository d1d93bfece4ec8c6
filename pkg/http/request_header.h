// The header of one HTTP/1.x request, read strictly and purely: whatever the server lets in is decided here.
#pragma once

#include <map>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace spacelet::http {

struct RequestHeader {
  std::string method;                          // "GET" or "HEAD"
  std::string path;                            // as sent, without the query; begins with "/"
  std::map<std::string, std::string> query;    // percent-decoded; of a repeated name the last
  std::map<std::string, std::string> headers;  // lower-case names
  bool http_1_0 = false;
};

// What is answered instead of asking the handler.
struct Refusal {
  int status = 400;
  std::string message;  // for people, one line, without anything that the client sent
};

// `bytes` is the header up to and without the empty line that ends it. Refused: other methods (405), a body
// (413), both framings or a malformed line (400), no or two Host headers in HTTP/1.1 (400), another protocol
// version (505).
std::variant<RequestHeader, Refusal> ParseRequestHeader(absl::string_view bytes);

// "example.org:80" -> "example.org", "[::1]:9746" -> "::1"; lower case.
std::string HostWithoutPort(absl::string_view host_header);

bool IsIpLiteral(const std::string& host);

// "200" -> "OK".
absl::string_view ReasonPhrase(int status);

}  // namespace spacelet::http

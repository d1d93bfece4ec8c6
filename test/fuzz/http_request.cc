// A client of the HTTP port: what is let in is well-formed, and what is answered is one HTTP response,
// whatever came.
#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/unique_fd.h"
#include "pkg/http/connection.h"
#include "pkg/http/request_header.h"
#include "pkg/http/response_reader.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

bool IsPrintable(absl::string_view text) {
  for (const char c : text)
    if (c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
  return true;
}

void RequireHeader(const http::RequestHeader& header) {
  Require(header.method == "GET" || header.method == "HEAD", "the server is read-only");
  Require(absl::StartsWith(header.path, "/") && IsPrintable(header.path), "a path is a path", header.path);
  for (const auto& [name, value] : header.headers)
    Require(!name.empty() && IsPrintable(name) && IsPrintable(value), "a field is text", name);
  Require(header.http_1_0 || header.headers.count("host") == 1, "HTTP/1.1 names a host");
}

// One that says what it was asked, so that nothing of the request can break out into the answer's header.
http::ServerResponse Echo(const http::RequestHeader& header) {
  RequireHeader(header);
  http::ServerResponse response;
  response.body = header.path;
  for (const auto& [name, value] : header.query) absl::StrAppend(&response.body, "\n", name, "=", value);
  response.status = header.path == "/missing" ? 404 : 200;
  return response;
}

struct Answered {
  std::string bytes;
  bool without_body = false;  // HEAD
};

// What the server answers to a client that sends all of it and no more.
Answered AnswerTo(absl::string_view bytes, const http::ServerLimits& limits) {
  int ends[2];
  Require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  const base::UniqueFd client(ends[1]);
  Answered answered;
  const http::Service service{.answer =
                                  [&answered](const http::RequestHeader& header) {
                                    answered.without_body = header.method == "HEAD";
                                    return Echo(header);
                                  },
                              .on_handshake_failed = nullptr};
  const base::Instant now{};
  http::Connection connection(ends[0], "peer", nullptr, limits, service, now);
  while (!bytes.empty() && !connection.closed()) {
    const ssize_t n = send(client.get(), bytes.data(), std::min<size_t>(bytes.size(), 997), MSG_NOSIGNAL);
    if (n <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(n));
    connection.OnReady(now);
  }
  connection.OnDeadline(now + limits.header_deadline);
  char buffer[65536];
  for (ssize_t n = 0; (n = recv(client.get(), buffer, sizeof buffer, 0)) > 0;)
    answered.bytes.append(buffer, static_cast<size_t>(n));
  return answered;
}

}  // namespace

void Check(absl::string_view input) {
  const http::ServerLimits limits{.header_bytes = 1024};
  const Answered answered = AnswerTo(input, limits);
  http::ResponseReader reader({.header_bytes = 4096, .body_bytes = 16 << 10});
  absl::Status read = reader.Feed(answered.bytes);
  if (read.ok() && !reader.done() && !answered.without_body) read = reader.End();
  Require(read.ok(), "every client gets an answer that is HTTP", answered.bytes);
  Require(reader.headers().size() <= 7, "nothing of a request gets into the answer's header", answered.bytes);
}

}  // namespace spacelet::fuzz

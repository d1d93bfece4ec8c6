#include "pkg/http/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace spacelet::http {
namespace {

constexpr absl::Duration kLingerTime = absl::Seconds(1);

// >0 bytes read, 0 nothing for now, -1 the peer is gone.
ssize_t ReadSome(int fd, char* buffer, size_t size) {
  const ssize_t n = recv(fd, buffer, size, 0);
  if (n > 0) return n;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

std::string StatusAndFields(const ServerResponse& response, bool chunked) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
                   "\r\nContent-Type: ", response.content_type,
                   "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n");
  for (const auto& [name, value] : response.headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
  if (response.status == 405) absl::StrAppend(&head, "Allow: GET, HEAD\r\n");
  if (chunked) return absl::StrCat(head, "Transfer-Encoding: chunked\r\n\r\n");
  if (response.more) return head + "\r\n";  // HTTP/1.0: until close
  return absl::StrCat(head, "Content-Length: ", response.body.size(), "\r\n\r\n");
}

std::string Chunk(absl::string_view bytes) {
  return absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
}

}  // namespace

Connection::Connection(int fd, const ServerLimits& limits, const Answer& answer, base::Instant now)
    : fd_(fd), limits_(limits), answer_(answer), deadline_(now + limits.header_deadline) {}

Connection::~Connection() { close(fd_); }

int16_t Connection::interest() const { return phase_ == Phase::kSend ? POLLOUT : POLLIN; }

void Connection::OnReady(base::Instant now) {
  switch (phase_) {
    case Phase::kHeader:
      return ReadHeader(now);
    case Phase::kSend:
      return Send(now);
    case Phase::kStream:
    case Phase::kLinger:
      return Discard();
    case Phase::kClosed:
      return;
  }
}

void Connection::OnDeadline(base::Instant now) {
  if (phase_ == Phase::kStream) return Pull(now);
  if (phase_ == Phase::kHeader) Refuse({408, "the request did not come in time"}, now);
  Close();
}

void Connection::ReadHeader(base::Instant now) {
  char buffer[4096];
  const ssize_t n = ReadSome(fd_, buffer, std::min(sizeof buffer, limits_.header_bytes + 1 - in_.size()));
  if (n < 0) return Close();
  in_.append(buffer, static_cast<size_t>(n));
  const size_t end = in_.find("\r\n\r\n");
  if (end != std::string::npos) return AnswerHeader(absl::string_view(in_).substr(0, end), now);
  if (in_.size() > limits_.header_bytes) Refuse({431, "the request header is too large"}, now);
}

void Connection::Refuse(const Refusal& refusal, base::Instant now) {
  ServerResponse response;
  response.status = refusal.status;
  response.body = refusal.message + "\n";
  Respond(response, true, false, now);
}

void Connection::AnswerHeader(absl::string_view bytes, base::Instant now) {
  const auto parsed = ParseRequestHeader(bytes);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) return Refuse(*refusal, now);
  const RequestHeader& header = std::get<RequestHeader>(parsed);
  ServerResponse response;
  try {
    response = answer_(header);
  } catch (const std::exception&) {
    return Refuse({500, "internal error"}, now);
  }
  Respond(response, header.method != "HEAD", response.more && !header.http_1_0, now);
}

void Connection::Respond(const ServerResponse& response, bool with_body, bool chunked, base::Instant now) {
  in_.clear();
  out_ = StatusAndFields(response, chunked);
  if (with_body) {
    chunked_ = chunked;
    more_ = response.more;
    if (!response.body.empty()) out_ += chunked ? Chunk(response.body) : response.body;
  }
  phase_ = Phase::kSend;
  deadline_ = now + limits_.write_deadline;
  Send(now);
}

void Connection::Send(base::Instant now) {
  while (sent_ < out_.size()) {
    const ssize_t n = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return Close();
    sent_ += static_cast<size_t>(n);
  }
  AfterSend(now);
}

void Connection::AfterSend(base::Instant now) {
  out_.clear();
  sent_ = 0;
  if (!more_) return Linger(now);
  phase_ = Phase::kStream;
  deadline_ = now + limits_.stream_interval;
}

void Connection::Pull(base::Instant now) {
  const std::optional<std::string> bytes = more_();
  if (bytes.has_value() && bytes->empty()) {
    deadline_ = now + limits_.stream_interval;
    return;
  }
  if (!bytes.has_value()) more_ = nullptr;
  if (bytes.has_value())
    out_ = chunked_ ? Chunk(*bytes) : *bytes;
  else if (chunked_)
    out_ = "0\r\n\r\n";
  phase_ = Phase::kSend;
  deadline_ = now + limits_.write_deadline;
  Send(now);
}

// What a client goes on sending (a body, a second request) is thrown away: closing with unread bytes would
// reset the connection and take the answer with it.
void Connection::Discard() {
  char buffer[16384];
  if (ReadSome(fd_, buffer, sizeof buffer) < 0) Close();
}

void Connection::Linger(base::Instant now) {
  shutdown(fd_, SHUT_WR);
  phase_ = Phase::kLinger;
  deadline_ = now + kLingerTime;
}

}  // namespace spacelet::http

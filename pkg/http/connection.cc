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

Connection::Connection(int fd, std::string peer, std::shared_ptr<const TlsContext> tls,
                       const ServerLimits& limits, const Service& service, base::Instant now)
    : fd_(fd),
      peer_(std::move(peer)),
      limits_(limits),
      service_(service),
      deadline_(now + limits.header_deadline),
      transport_(Transport::Make(fd, std::move(tls))) {}

Connection::~Connection() { close(fd_); }

int16_t Connection::interest() const {
  switch (phase_) {
    case Phase::kHeader:
    case Phase::kSend:
      return transport_->interest();
    case Phase::kLater:
      return 0;  // a client that has said everything may close its side and wait
    default:
      return POLLIN;
  }
}

void Connection::OnReady(base::Instant now) {
  switch (phase_) {
    case Phase::kHeader:
      return ReadHeader(now);
    case Phase::kLater:
      return Close();  // POLLERR or POLLHUP
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
  if (phase_ == Phase::kLater) return AskLater(now);
  if (handshaking()) HandshakeFailed(HandshakeFailure::kTimeout);
  if (phase_ == Phase::kHeader && !handshaking()) Refuse({408, "the request did not come in time"}, now);
  Close();
}

void Connection::OnGivenUp() {
  if (handshaking()) HandshakeFailed(HandshakeFailure::kBusy);
  Close();
}

void Connection::HandshakeFailed(HandshakeFailure why) const {
  if (service_.on_handshake_failed) service_.on_handshake_failed(why);
}

void Connection::ReadHeader(base::Instant now) {
  char buffer[4096];
  while (phase_ == Phase::kHeader) {
    const Transport::Outcome read =
        transport_->Read(buffer, std::min(sizeof buffer, limits_.header_bytes + 1 - in_.size()));
    if (read.state == Transport::State::kWait) return;
    if (read.state != Transport::State::kDone) return EndOfHeader(read.state, now);
    TakeHeader({buffer, read.bytes}, now);
  }
}

void Connection::TakeHeader(absl::string_view bytes, base::Instant now) {
  in_.append(bytes.data(), bytes.size());
  const size_t end = in_.find("\r\n\r\n");
  if (end != std::string::npos) return AnswerHeader(absl::string_view(in_).substr(0, end), now);
  if (in_.size() > limits_.header_bytes) Refuse({431, "the request header is too large"}, now);
}

// Nothing more can be read before the header was whole.
void Connection::EndOfHeader(Transport::State state, base::Instant now) {
  if (state == Transport::State::kRefused) HandshakeFailed(HandshakeFailure::kRefused);
  if (state == Transport::State::kPlaintext) {
    HandshakeFailed(HandshakeFailure::kPlaintext);
    transport_ = Transport::Make(fd_, nullptr);
    return Refuse({400, "this port speaks HTTPS: ask for https:// instead of http://"}, now);
  }
  // A handshake that has failed has told the client why, which closing with unread bytes would take away.
  if (transport_->handshaking()) return Linger(now);
  Close();
}

void Connection::Refuse(const Refusal& refusal, base::Instant now) {
  ServerResponse response;
  response.status = refusal.status;
  response.body = refusal.message + "\n";
  Respond(response, now);
}

void Connection::AnswerHeader(absl::string_view bytes, base::Instant now) {
  const auto parsed = ParseRequestHeader(bytes);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) return Refuse(*refusal, now);
  const RequestHeader& header = std::get<RequestHeader>(parsed);
  head_ = header.method == "HEAD";
  http_1_0_ = header.http_1_0;
  ServerResponse response;
  try {
    response = service_.answer(header);
  } catch (const std::exception&) {
    return Refuse({500, "internal error"}, now);
  }
  in_.clear();
  if (!response.later) return Respond(response, now);
  later_ = std::move(response.later);
  phase_ = Phase::kLater;
  deadline_ = now + limits_.later_interval;
  give_up_ = now + limits_.later_deadline;
}

void Connection::AskLater(base::Instant now) {
  std::optional<ServerResponse> response;
  try {
    response = later_();
  } catch (const std::exception&) {
    return Refuse({500, "internal error"}, now);
  }
  if (response.has_value()) return Respond(*response, now);
  if (give_up_ <= now) return Refuse({503, "this takes too long; ask again later"}, now);
  deadline_ = now + limits_.later_interval;
}

void Connection::Respond(const ServerResponse& response, base::Instant now) {
  const bool chunked = response.more && !http_1_0_;
  in_.clear();
  later_ = nullptr;
  out_ = StatusAndFields(response, chunked);
  if (!head_) {
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
    const Transport::Outcome sent = transport_->Write(absl::string_view(out_).substr(sent_));
    if (sent.state == Transport::State::kWait) return;
    if (sent.state != Transport::State::kDone) return Close();
    sent_ += sent.bytes;
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
  if (phase_ == Phase::kStream) {
    const Transport::State state = transport_->Read(buffer, sizeof buffer).state;
    if (state != Transport::State::kDone && state != Transport::State::kWait) Close();
    return;
  }
  const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);  // nobody asks any more what it means
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) Close();
}

void Connection::Linger(base::Instant now) {
  transport_->Finish();
  phase_ = Phase::kLinger;
  deadline_ = now + kLingerTime;
}

}  // namespace spacelet::http

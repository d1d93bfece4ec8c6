// One connection of the server, from accept to close: a header is read (over TLS after a handshake), one
// answer is sent, the rest is drained. A state machine without a thread: the server's loop tells it what
// poll() and the clock say.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "pkg/base/clock.h"
#include "pkg/http/request_header.h"
#include "pkg/http/server.h"
#include "pkg/http/transport.h"

namespace spacelet::http {

// What a connection asks of the server.
struct Service {
  std::function<ServerResponse(const RequestHeader&)> answer;
  std::function<void(HandshakeFailure)> on_handshake_failed;  // may be null
};

// Not thread-safe.
class Connection {
 public:
  // Takes the socket, which must be non-blocking. `tls` may be null. `limits` and `service` outlive the
  // connection.
  Connection(int fd, std::string peer, std::shared_ptr<const TlsContext> tls, const ServerLimits& limits,
             const Service& service, base::Instant now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  const std::string& peer() const { return peer_; }     // PeerOf
  int16_t interest() const;                             // poll events to wait for
  base::Instant deadline() const { return deadline_; }  // when OnDeadline is due
  // When it ends unless something happens; for a stream the deadline.
  base::Instant end() const { return phase_ == Phase::kLater ? give_up_ : deadline_; }
  bool handshaking() const { return phase_ == Phase::kHeader && transport_->handshaking(); }
  bool closed() const { return phase_ == Phase::kClosed; }
  // A stream with nothing to send is the last to be given up for a newcomer.
  bool idle_stream() const { return phase_ == Phase::kStream; }

  void OnReady(base::Instant now);  // something of interest() happened
  void OnDeadline(base::Instant now);
  void OnGivenUp();  // its place is needed for another one

 private:
  enum class Phase { kHeader, kLater, kSend, kStream, kLinger, kClosed };

  void ReadHeader(base::Instant now);
  void TakeHeader(absl::string_view bytes, base::Instant now);
  void EndOfHeader(Transport::State state, base::Instant now);
  void HandshakeFailed(HandshakeFailure why) const;
  void AskLater(base::Instant now);
  void Respond(const ServerResponse& response, base::Instant now);
  void Refuse(const Refusal& refusal, base::Instant now);
  void AnswerHeader(absl::string_view bytes, base::Instant now);
  void Send(base::Instant now);
  void AfterSend(base::Instant now);
  void Pull(base::Instant now);
  void Discard();
  void Linger(base::Instant now);
  void Close() { phase_ = Phase::kClosed; }

  const int fd_;
  const std::string peer_;
  const ServerLimits& limits_;
  const Service& service_;
  Phase phase_ = Phase::kHeader;
  base::Instant deadline_;
  std::unique_ptr<Transport> transport_;
  std::string in_, out_;
  size_t sent_ = 0;
  bool head_ = false, http_1_0_ = false;  // of the request
  std::function<std::optional<ServerResponse>()> later_;
  base::Instant give_up_;
  std::function<std::optional<std::string>()> more_;
  bool chunked_ = false;
};

}  // namespace spacelet::http

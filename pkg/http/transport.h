// The bytes of one connection of the server, plain or TLS; never blocks, never raises SIGPIPE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "pkg/http/tls.h"

namespace spacelet::http {

// Not thread-safe.
class Transport {
 public:
  enum class State {
    kDone,       // `bytes` were moved
    kWait,       // nothing for now: again when interest() has happened
    kClosed,     // the peer is gone
    kRefused,    // no keys are agreed on: the peer talks no TLS, or not this one
    kPlaintext,  // HTTP where TLS is spoken; the request is still unread
  };
  struct Outcome {
    State state;
    size_t bytes = 0;
  };

  // `fd` is not blocking and outlives it. `tls` null: plain.
  static std::unique_ptr<Transport> Make(int fd, std::shared_ptr<const TlsContext> tls);
  virtual ~Transport() = default;

  virtual Outcome Read(char* buffer, size_t size) = 0;
  // Requires: `bytes` is not empty.
  virtual Outcome Write(absl::string_view bytes) = 0;
  // Says that nothing more comes.
  virtual void Finish() = 0;
  // What the last Read or Write that had to wait waits for: POLLIN or POLLOUT.
  virtual int16_t interest() const = 0;
  // Keys are not agreed on yet: a Read may take a millisecond of the processor, and nothing can be written.
  virtual bool handshaking() const { return false; }
};

}  // namespace spacelet::http

#include "pkg/http/transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"

namespace spacelet::http {
namespace {

using State = Transport::State;
using Outcome = Transport::Outcome;

Outcome OutcomeOf(ssize_t n) {
  if (n > 0) return {State::kDone, static_cast<size_t>(n)};
  return {n < 0 && (errno == EAGAIN || errno == EINTR) ? State::kWait : State::kClosed};
}

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  Outcome Read(char* buffer, size_t size) override {
    interest_ = POLLIN;
    return OutcomeOf(recv(fd_, buffer, size, 0));
  }
  Outcome Write(absl::string_view bytes) override {
    interest_ = POLLOUT;
    return OutcomeOf(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void Finish() override { shutdown(fd_, SHUT_WR); }
  int16_t interest() const override { return interest_; }

 private:
  const int fd_;
  int16_t interest_ = POLLIN;
};

// What a connection begins with is looked at before OpenSSL gets it: its parser makes room for as much as a
// ClientHello says it has (128 KiB), and has no answer to a request in plain text.
class Opening {
 public:
  enum class Verdict { kIncomplete, kTls, kHttp, kOther };

  // Takes `bytes`; Requires: kIncomplete so far, at most wanted() of them.
  Verdict Take(absl::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
    return verdict();
  }
  size_t wanted() const { return bytes_.size() - size_; }

  Verdict verdict() const {
    if (size_ == 0) return Verdict::kIncomplete;
    if (absl::ascii_isupper(bytes_[0])) return Verdict::kHttp;
    if (bytes_[0] != kHandshakeRecord) return Verdict::kOther;
    if (wanted() > 0) return Verdict::kIncomplete;
    const size_t message =
        (static_cast<size_t>(bytes_[6]) << 16) | (static_cast<size_t>(bytes_[7]) << 8) | bytes_[8];
    return bytes_[5] == kClientHello && message <= kMostHelloBytes ? Verdict::kTls : Verdict::kOther;
  }

  // Gives the bytes out again, once.
  size_t GiveOut(char* buffer, size_t size) {
    const size_t n = std::min(size, size_ - given_);
    std::memcpy(buffer, bytes_.data() + given_, n);
    given_ += n;
    return n;
  }

 private:
  static constexpr unsigned char kHandshakeRecord = 22, kClientHello = 1;  // RFC 8446, 5.1 and 4
  static constexpr size_t kMostHelloBytes = 16 << 10;                      // a browser's has some 2 KiB

  std::array<unsigned char, 9> bytes_{};  // header of the record (5) and of the message (4)
  size_t size_ = 0, given_ = 0;
};

// OpenSSL's way to the socket: its own would raise SIGPIPE.
struct Wire {
  int fd;
  Opening opening;
};

int WireRead(BIO* bio, char* buffer, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (const size_t n = wire->opening.GiveOut(buffer, static_cast<size_t>(size)); n > 0)
    return static_cast<int>(n);
  const ssize_t n = recv(wire->fd, buffer, static_cast<size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

int WireWrite(BIO* bio, const char* bytes, int size) {
  const auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t n = send(wire->fd, bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

long WireControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* WireMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_read(made, &WireRead);
    BIO_meth_set_write(made, &WireWrite);
    BIO_meth_set_ctrl(made, &WireControl);
    return made;
  }();
  return method;
}

class TlsTransport : public Transport {
 public:
  TlsTransport(int fd, std::shared_ptr<const TlsContext> context)
      : context_(std::move(context)), wire_{fd, {}}, ssl_(SSL_new(context_->get()), &SSL_free) {
    BIO* bio = BIO_new(WireMethod());
    if (ssl_ == nullptr || bio == nullptr) {
      BIO_free(bio);
      ssl_.reset();
      return;
    }
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
  }

  Outcome Read(char* buffer, size_t size) override {
    if (const State opened = Open(); opened != State::kDone) return {opened};
    size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer, size, &n);
    return OutcomeOf(result, n);
  }
  Outcome Write(absl::string_view bytes) override {
    size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
    return OutcomeOf(result, n);
  }
  void Finish() override {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    shutdown(wire_.fd, SHUT_WR);
  }
  int16_t interest() const override { return interest_; }
  bool handshaking() const override { return ssl_ == nullptr || SSL_is_init_finished(ssl_.get()) == 0; }

 private:
  // kDone: OpenSSL may have what comes.
  State Open() {
    if (ssl_ == nullptr) return State::kClosed;
    while (wire_.opening.verdict() == Opening::Verdict::kIncomplete) {
      char bytes[16];
      const Outcome read = http::OutcomeOf(recv(wire_.fd, bytes, wire_.opening.wanted(), 0));
      if (read.state != State::kDone) return read.state;
      wire_.opening.Take({bytes, read.bytes});
    }
    if (wire_.opening.verdict() == Opening::Verdict::kHttp) return State::kPlaintext;
    return wire_.opening.verdict() == Opening::Verdict::kTls ? State::kDone : State::kRefused;
  }

  Outcome OutcomeOf(int result, size_t n) {
    if (result == 1) return {State::kDone, n};
    const int error = SSL_get_error(ssl_.get(), result);
    ERR_clear_error();  // the queue is the thread's: the next connection must not find this one's
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    interest_ = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    if (waits) return {State::kWait};
    return {handshaking() ? State::kRefused : State::kClosed};
  }

  const std::shared_ptr<const TlsContext> context_;
  Wire wire_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int16_t interest_ = POLLIN;
};

}  // namespace

std::unique_ptr<Transport> Transport::Make(int fd, std::shared_ptr<const TlsContext> tls) {
  if (tls == nullptr) return std::make_unique<PlainTransport>(fd);
  return std::make_unique<TlsTransport>(fd, std::move(tls));
}

}  // namespace spacelet::http

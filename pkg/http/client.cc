#include "pkg/http/client.h"

#include <httplib.h>
#include <openssl/x509.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/deadline_timer.h"
#include "pkg/http/resolve.h"

namespace spacelet::http {
namespace {

using Cause = CallGuard::Cause;

// httplib's own timeouts are per read and hidden in EOF: the CallGuard has the say, these are only not in its
// way.
constexpr auto kOutOfTheWay = std::chrono::hours(24 * 14);
constexpr auto kConnectTimeout = std::chrono::seconds(5);
constexpr absl::Duration kLookUpTimeout = absl::Seconds(10);  // two tries of resolv.conf(5)'s five seconds
constexpr char kTlsPayload[] = "dev.spacelet/tls";

bool HasControl(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status CheckRequest(const Request& request) {
  if (request.target.empty() || request.target[0] != '/' || HasControl(request.target) ||
      absl::StrContains(request.target, ' ')) {
    return absl::InvalidArgumentError("the request's target is not a percent-encoded path");
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasControl(name) || name.find_first_of(" :") != std::string::npos ||
        HasControl(value)) {
      return absl::InvalidArgumentError("a header's name or value holds a control character");
    }
  }
  return absl::OkStatus();
}

std::string ForPeople(absl::Duration d) { return absl::FormatDuration(absl::Ceil(d, absl::Milliseconds(1))); }

std::unique_ptr<httplib::ClientImpl> MakeTlsClient(const Endpoint& endpoint) {
  auto client =
      std::make_unique<httplib::SSLClient>(endpoint.host, endpoint.port, endpoint.tls.cert, endpoint.tls.key);
  if (!endpoint.tls.ca.empty()) client->set_ca_cert_path(endpoint.tls.ca);
  client->enable_server_certificate_verification(true);
  return client;
}

std::unique_ptr<httplib::ClientImpl> MakeConnection(const Endpoint& endpoint, const std::string& address,
                                                    CallGuard& guard) {
  std::unique_ptr<httplib::ClientImpl> client;
  switch (endpoint.kind) {
    case Endpoint::Kind::kUnix:
      client = std::make_unique<httplib::ClientImpl>(endpoint.path);
      client->set_address_family(AF_UNIX);
      break;
    case Endpoint::Kind::kTcp:
      client = std::make_unique<httplib::ClientImpl>(endpoint.host, endpoint.port);
      break;
    case Endpoint::Kind::kTls:
      client = MakeTlsClient(endpoint);
      break;
  }
  if (!address.empty()) client->set_hostname_addr_map({{endpoint.host, address}});
  client->set_keep_alive(false);
  client->set_decompress(false);
  client->set_url_encode(false);
  client->set_connection_timeout(kConnectTimeout);
  client->set_read_timeout(kOutOfTheWay);
  client->set_write_timeout(kOutOfTheWay);
  client->set_socket_options([&guard](int socket) { guard.Adopt(socket); });
  return client;
}

bool IsConnectError(httplib::Error error) {
  return error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout;
}

// Why a certificate was not believed; empty: that was not it.
std::string Disbelief(httplib::Error error, const httplib::ClientImpl& client) {
  const auto* tls = dynamic_cast<const httplib::SSLClient*>(&client);
  if (error != httplib::Error::SSLServerVerification || tls == nullptr) return "";
  const long verdict = tls->get_openssl_verify_result();
  return verdict == X509_V_OK ? "it is for another name" : X509_verify_cert_error_string(verdict);
}

httplib::Request MakeRequest(const Endpoint& endpoint, const Request& request) {
  httplib::Request out;
  out.method = request.method;
  out.path = request.target;
  for (const auto& [name, value] : request.headers) out.set_header(name, value);
  out.set_header("Host", HostHeader(endpoint));
  out.set_header("User-Agent", "spacelet");
  if (!request.body.empty()) out.set_header("Content-Type", request.content_type);
  out.body = request.body;
  return out;
}

// One call: sends the request, gathers the answer, and says in one status what became of it.
class Exchange {
 public:
  Exchange(const Endpoint& endpoint, const Request& request, const CallOptions& options, DeadlineTimer& timer)
      : endpoint_(endpoint),
        options_(options),
        name_(absl::StrCat(request.method, " ", request.target)),
        wire_(MakeRequest(endpoint, request)),
        timer_(timer),
        guard_(options.deadline, options.inactivity, options.opening) {}

  void OnOpen(const std::function<void(int)>* on_open) { on_open_ = on_open; }
  void OnChunk(const std::function<bool(absl::string_view)>* on_chunk) { on_chunk_ = on_chunk; }
  void SetBody(const std::string& content_type, uint64_t size,
               const std::function<absl::StatusOr<std::string>(uint64_t)>& next);
  absl::StatusOr<Response> Run();

 private:
  absl::StatusOr<std::vector<std::string>> Addresses() const;
  void Send(const std::string& address);
  bool TakeHeader(const httplib::Response& header);
  bool TakeBody(absl::string_view chunk);
  bool Provide(const std::function<absl::StatusOr<std::string>(uint64_t)>& next, size_t offset,
               httplib::DataSink& sink);
  absl::StatusOr<Response> Result();
  absl::Status TransportError() const;
  absl::Status ConnectError() const;
  absl::Status TlsError() const;
  std::string Peer() const;
  bool streams() const { return on_chunk_ != nullptr && response_.status / 100 == 2; }

  const Endpoint& endpoint_;
  const CallOptions& options_;
  const std::string name_;
  httplib::Request wire_;
  DeadlineTimer& timer_;
  CallGuard guard_;
  const std::function<void(int)>* on_open_ = nullptr;
  const std::function<bool(absl::string_view)>* on_chunk_ = nullptr;
  Response response_;
  bool complete_ = false;  // no more of the answer is wanted
  bool too_large_ = false;
  absl::Status body_error_;
  httplib::Error error_ = httplib::Error::Success;
  int errno_ = 0;
  std::string disbelief_;
};

absl::StatusOr<Response> Exchange::Run() {
  if (options_.stop.stop_requested()) return absl::CancelledError(absl::StrCat(name_, ": stopped"));
  ASSIGN_OR_RETURN(const std::vector<std::string> addresses, Addresses());
  RETURN_IF_ERROR(timer_.Add(guard_));
  {
    std::stop_callback on_stop(options_.stop, [this] {
      guard_.Cut(Cause::kStopped);
      timer_.Refresh(guard_);
    });
    for (const std::string& address : addresses) {
      Send(address);
      if (!IsConnectError(error_) || guard_.cause() != Cause::kNone) break;
    }
  }
  timer_.Remove(guard_);
  return Result();
}

// Which to try, one after the other; the one of a socket has no name. httplib looks names up as well, but for
// as long as it takes, whatever deadline there is.
absl::StatusOr<std::vector<std::string>> Exchange::Addresses() const {
  if (endpoint_.kind == Endpoint::Kind::kUnix || !endpoint_.address.empty())
    return std::vector<std::string>{endpoint_.address};
  const absl::Duration within = std::min({options_.deadline, options_.opening, kLookUpTimeout});
  absl::StatusOr<std::vector<std::string>> found = Resolve(endpoint_.host, within, options_.stop);
  if (found.ok()) return found;
  const absl::Status& why = found.status();
  return absl::Status(absl::IsNotFound(why) ? absl::StatusCode::kUnavailable : why.code(),
                      absl::StrCat(name_, ": cannot connect to ", Peer(), ": ", why.message()));
}

void Exchange::Send(const std::string& address) {
  const auto connection = MakeConnection(endpoint_, address, guard_);
  httplib::Response answer;
  wire_.response_handler = [this](const httplib::Response& header) { return TakeHeader(header); };
  wire_.content_receiver = [this](const char* data, size_t size, uint64_t, uint64_t) {
    return TakeBody(absl::string_view(data, size));
  };
  error_ = httplib::Error::Success;
  try {
    errno = 0;
    const bool sent = connection->send(wire_, answer, error_);
    errno_ = errno;
    disbelief_ = Disbelief(error_, *connection);
    // httplib calls no handler for an answer that has no body.
    if (sent && response_.status == 0) TakeHeader(answer);
    complete_ = complete_ || sent;
  } catch (const std::exception&) {
    error_ = httplib::Error::Unknown;
  }
}

bool Exchange::TakeHeader(const httplib::Response& header) {
  guard_.Touch();
  guard_.Opened();
  if (endpoint_.kind == Endpoint::Kind::kUnix) response_.listener_pid = guard_.PeerPid();
  response_.status = header.status;
  for (const auto& [name, value] : header.headers)
    response_.headers.emplace(absl::AsciiStrToLower(name), value);
  if (on_open_ != nullptr && *on_open_) (*on_open_)(header.status);
  if (header.status == 304) {  // has no body, yet httplib reads one until the daemon closes
    complete_ = true;
    return false;
  }
  uint64_t length = 0;
  const auto it = response_.headers.find("content-length");
  if (!streams() && it != response_.headers.end() && absl::SimpleAtoi(it->second, &length)) {
    too_large_ = length > options_.max_body_bytes;
  }
  return !too_large_ && guard_.cause() == Cause::kNone;
}

bool Exchange::TakeBody(absl::string_view chunk) {
  guard_.Touch();
  if (guard_.cause() != Cause::kNone) return false;
  if (streams()) {
    complete_ = !(*on_chunk_)(chunk);
    return !complete_;
  }
  too_large_ = chunk.size() > options_.max_body_bytes - response_.body.size();
  if (!too_large_) response_.body.append(chunk.data(), chunk.size());
  return !too_large_;
}

void Exchange::SetBody(const std::string& content_type, uint64_t size,
                       const std::function<absl::StatusOr<std::string>(uint64_t)>& next) {
  wire_.set_header("Content-Type", content_type);
  wire_.content_length_ = size;
  wire_.content_provider_ = [this, &next](size_t offset, size_t, httplib::DataSink& sink) {
    return Provide(next, offset, sink);
  };
}

bool Exchange::Provide(const std::function<absl::StatusOr<std::string>(uint64_t)>& next, size_t offset,
                       httplib::DataSink& sink) {
  auto piece = next(offset);
  if (!piece.ok()) body_error_ = piece.status();
  if (piece.ok() && piece->empty()) body_error_ = absl::DataLossError("the body ended before its size");
  if (!body_error_.ok()) return false;
  guard_.Touch();
  return sink.write(piece->data(), piece->size());
}

absl::StatusOr<Response> Exchange::Result() {
  const Cause cause = guard_.cause();
  if (complete_ && !too_large_ && cause == Cause::kNone) {
    // httplib takes any three digits.
    if (response_.status >= 100 && response_.status <= 599) return std::move(response_);
    return absl::UnavailableError(absl::StrCat(name_, ": the answer's status is ", response_.status));
  }
  switch (cause) {
    case Cause::kStopped:
      return absl::CancelledError(absl::StrCat(name_, ": stopped"));
    case Cause::kDeadline:
      return absl::DeadlineExceededError(
          absl::StrCat(name_, ": no complete answer within ", ForPeople(options_.deadline)));
    case Cause::kInactivity:
      return absl::DeadlineExceededError(
          absl::StrCat(name_, ": silent for ", ForPeople(options_.inactivity)));
    case Cause::kOpening:
      return absl::DeadlineExceededError(
          absl::StrCat(name_, ": no answer within ", ForPeople(options_.opening)));
    case Cause::kNone:
      break;
  }
  if (too_large_) {
    return absl::OutOfRangeError(
        absl::StrCat(name_, ": the answer is larger than ", options_.max_body_bytes, " bytes"));
  }
  return TransportError();
}

absl::Status Exchange::TransportError() const {
  if (!body_error_.ok())
    return absl::Status(body_error_.code(), absl::StrCat(name_, ": ", body_error_.message()));
  if (IsConnectError(error_)) return ConnectError();
  switch (error_) {
    case httplib::Error::SSLConnection:
    case httplib::Error::SSLServerVerification:
      return TlsError();
    case httplib::Error::Read:
      return absl::UnavailableError(absl::StrCat(name_, ": connection lost before the end of the answer"));
    case httplib::Error::Write:
      return absl::UnavailableError(absl::StrCat(name_, ": connection lost while sending"));
    default:
      return absl::UnavailableError(absl::StrCat(name_, ": ", httplib::to_string(error_)));
  }
}

absl::Status Exchange::TlsError() const {
  absl::Status status = absl::UnavailableError(absl::StrCat(
      name_, ": ", disbelief_.empty() ? "no TLS handshake with " : "the certificate of ", endpoint_.host, ":",
      endpoint_.port, disbelief_.empty() ? "" : " is not believed: ", disbelief_));
  status.SetPayload(kTlsPayload, absl::Cord("1"));
  return status;
}

std::string Exchange::Peer() const {
  return endpoint_.kind == Endpoint::Kind::kUnix ? endpoint_.path
                                                 : absl::StrCat(endpoint_.host, ":", endpoint_.port);
}

absl::Status Exchange::ConnectError() const {
  // On TCP httplib keeps the reason to itself: what errno holds is that the connect had begun.
  const bool known = errno_ != 0 && errno_ != EINPROGRESS;
  const std::string reason = error_ == httplib::Error::ConnectionTimeout ? "timed out"
                             : errno_ == EAGAIN                          ? "busy, its backlog is full"
                             : known                                     ? std::strerror(errno_)
                                                                         : "refused or unreachable";
  const std::string message = absl::StrCat(name_, ": cannot connect to ", Peer(), ": ", reason);
  return errno_ == EACCES ? absl::PermissionDeniedError(message) : absl::UnavailableError(message);
}

}  // namespace

Client::Client(Endpoint endpoint)
    : endpoint_(std::move(endpoint)), timer_(std::make_unique<DeadlineTimer>()) {
  // A daemon that closes early must not end the process: httplib writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

Client::~Client() = default;

absl::StatusOr<Response> Client::Call(const Request& request, const CallOptions& options) {
  RETURN_IF_ERROR(CheckRequest(request));
  return Exchange(endpoint_, request, options, *timer_).Run();
}

absl::StatusOr<Response> Client::Stream(const Request& request, const CallOptions& options,
                                        const std::function<void(int status)>& on_open,
                                        const std::function<bool(absl::string_view chunk)>& on_chunk) {
  RETURN_IF_ERROR(CheckRequest(request));
  Exchange exchange(endpoint_, request, options, *timer_);
  exchange.OnOpen(&on_open);
  exchange.OnChunk(&on_chunk);
  return exchange.Run();
}

absl::StatusOr<Response> Client::Upload(
    const Request& request, const CallOptions& options, uint64_t size,
    const std::function<absl::StatusOr<std::string>(uint64_t offset)>& next) {
  RETURN_IF_ERROR(CheckRequest(request));
  Exchange exchange(endpoint_, request, options, *timer_);
  exchange.SetBody(request.content_type, size, next);
  return exchange.Run();
}

bool IsTlsTrouble(const absl::Status& status) { return status.GetPayload(kTlsPayload).has_value(); }

}  // namespace spacelet::http

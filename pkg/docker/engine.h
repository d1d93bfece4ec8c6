// One daemon: speaks its API version, maps its refusals to status codes, tells a listener what each request
// took. HttpClient is made of it; nothing else uses it.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/docker/errors.h"
#include "pkg/docker/socket_activation.h"
#include "pkg/docker/types.h"
#include "pkg/http/client.h"

namespace spacelet::docker {

// Called after each request, from its thread. `code` is the HTTP status ("200"), or a status code's name
// ("UNAVAILABLE") when there was no answer. For docker_requests_total and docker_request_duration_seconds.
using RequestListener =
    std::function<void(const std::string& operation, const std::string& code, absl::Duration took)>;

// What is asked of the daemon. `path` starts after the version; its segments are already percent-encoded.
struct EngineCall {
  std::string operation = {};  // for the listener: "InspectContainer"
  std::string method = "GET";
  std::string path = {};
  std::string body = {};
  absl::Duration deadline = absl::Seconds(30);
  CallClass call_class = CallClass::kOther;
  absl::Duration inactivity = absl::InfiniteDuration();
  absl::Duration opening = absl::InfiniteDuration();  // until the answer's header
  size_t max_body_bytes = 16 << 20;
  std::string signals = {};  // id of the container that is sent one: its "kill" event is our own doing
  bool patient = true;       // waits while Docker may be stopping; false: Unavailable at once
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};
};

// Thread-safety: thread-safe.
class Engine {
 public:
  // `activator_pid`: who listens where Docker is started for whoever connects. Requires: `clock` outlives it.
  Engine(http::Endpoint endpoint, RequestListener listener, base::Clock& clock = base::RealClock(),
         int activator_pid = SocketActivation::kSystemdPid);

  // Errors as docker/client.h says. FailedPrecondition: no API version in common; Unavailable: the answer
  // does not say which, so it is not Docker's, or came through garbled. While Docker is away behind systemd's
  // socket, calls and too frequent pings are Unavailable without a connection; while it may be stopping,
  // calls and pings wait for at most kStoppingTime after the last sign of it (SocketActivation).
  absl::StatusOr<EngineInfo> Ping(const std::function<void()>& on_starting, const std::stop_token& stop)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Errors: by StatusFromHttp; a 400 about the API version negotiates and asks once more, and is
  // FailedPrecondition when that gave no other version.
  absl::StatusOr<http::Response> Call(const EngineCall& call, const std::stop_token& stop);
  // As http::Client::Stream; `on_open` is called for a 2xx only.
  absl::Status Stream(const EngineCall& call, const std::function<void()>& on_open,
                      const std::function<bool(absl::string_view chunk)>& on_chunk,
                      const std::stop_token& stop);
  absl::StatusOr<http::Response> Upload(
      const EngineCall& call, uint64_t size,
      const std::function<absl::StatusOr<std::string>(uint64_t offset)>& next, const std::stop_token& stop);

  void OnEvent(const Event& event) ABSL_LOCKS_EXCLUDED(mu_);
  // The event stream ended, by itself or because the daemon was given up.
  void OnLost() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Send = std::function<absl::StatusOr<http::Response>(const http::Request&, const http::CallOptions&)>;

  // The version in use, negotiating it when there is none yet.
  absl::StatusOr<std::string> Version(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<http::Response> AskPing(const std::function<void()>& on_starting,
                                         const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<SocketActivation::Ping> AdmitPing(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks while Docker may be stopping. Errors: Cancelled; Unavailable: at once, for who is not patient or
  // cannot be stopped.
  absl::Status AwaitNoDoubt(bool patient, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteOwnSignal(const std::string& id, base::Instant until) ABSL_LOCKS_EXCLUDED(mu_);
  void ForgetOwnSignals(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsOwnSignal(const Event& event, base::Instant now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Forgets what was negotiated: the next call finds out who answers now.
  void Forget() ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<http::Response> Versioned(const EngineCall& call, const Send& send,
                                           const std::stop_token& stop);
  // One request to `target`, timed and mapped.
  absl::StatusOr<http::Response> Once(const EngineCall& call, const std::string& target, const Send& send,
                                      const std::stop_token& stop);
  absl::StatusOr<http::Response> Plain(const EngineCall& call, const std::string& target,
                                       const std::stop_token& stop);

  http::Client client_;
  const RequestListener listener_;
  base::Clock& clock_;
  base::Mutex mu_;
  base::CondVar certain_;  // that Docker was stopped, or is not
  SocketActivation activation_ ABSL_GUARDED_BY(mu_);
  // Containers that this agent has sent a signal -> until when its event may come.
  std::map<std::string, base::Instant> own_signals_ ABSL_GUARDED_BY(mu_);
  std::string api_version_ ABSL_GUARDED_BY(mu_);  // negotiated; empty: not known
};

}  // namespace spacelet::docker

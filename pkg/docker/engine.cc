#include "pkg/docker/engine.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/deadlines.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/version.h"

namespace spacelet::docker {
namespace {

using std::chrono::steady_clock;

std::string HeaderOf(const http::Response& response, const char* name) {
  const auto it = response.headers.find(name);
  return it == response.headers.end() ? std::string() : it->second;
}

absl::Status WithRemedy(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return status;
  return absl::PermissionDeniedError(absl::StrCat(
      status.message(), "; run as root, or as a user in the group that owns the socket (docker)"));
}

// For how long after the answer the event of what a call did may still come: the stream is not read while
// what was missed is made up for, which may take some of the calls' deadlines on a host that has just come
// back.
constexpr absl::Duration kEventLag = absl::Minutes(1);

// A signal that asks a process to end, as opposed to one that tells it something: HUP, USR1 and USR2 rotate
// logs and read settings again.
bool MayEnd(const Event& event) {
  const auto signal = event.attributes.find("signal");
  return signal == event.attributes.end() ||
         (signal->second != "1" && signal->second != "10" && signal->second != "12");
}

// "Docker/20.10.24+dfsg1 (linux)", "Libpod/4.3.1 (linux)".
std::string VersionOf(absl::string_view server) {
  if (!absl::ConsumePrefix(&server, "Docker/") && !absl::ConsumePrefix(&server, "Libpod/")) return "unknown";
  return std::string(server.substr(0, server.find(' ')));
}

absl::StatusOr<EngineInfo> Introduced(const http::Response& ping) {
  const std::optional<ApiVersion> newest = ParseApiVersion(HeaderOf(ping, "api-version"));
  // An answer that was cut or changed on its way more often than an engine that is none: worth another try.
  if (!newest)
    return absl::UnavailableError(
        "GET /_ping: the answer does not say which API is spoken (Api-Version): it is not Docker's, or came "
        "through garbled");
  ASSIGN_OR_RETURN(const ApiVersion api, Negotiate(*newest));
  EngineInfo info;
  info.engine_version = VersionOf(HeaderOf(ping, "server"));
  info.api_version = FormatApiVersion(api);
  info.os_type = HeaderOf(ping, "ostype");
  info.podman = !HeaderOf(ping, "libpod-api-version").empty();
  return info;
}

}  // namespace

Engine::Engine(http::Endpoint endpoint, RequestListener listener, base::Clock& clock, int activator_pid)
    : client_(std::move(endpoint)),
      listener_(std::move(listener)),
      clock_(clock),
      activation_(activator_pid) {}

absl::Status Engine::AwaitNoDoubt(bool patient, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    certain_.NotifyAll();
  });
  base::MutexLock lock(mu_);
  for (;;) {
    const base::Instant now = clock_.Monotonic();
    const absl::Duration doubt = activation_.Doubt(now);
    if (doubt <= absl::ZeroDuration()) return absl::OkStatus();
    if (stop.stop_requested()) return absl::CancelledError("stopped while Docker may be stopping");
    if (!patient || !stop.stop_possible())
      return absl::UnavailableError(
          "Docker may be stopping, and a connection would start it again (docker.socket)");
    clock_.WaitUntil(mu_, certain_, now + doubt);
  }
}

absl::StatusOr<SocketActivation::Ping> Engine::AdmitPing(const std::stop_token& stop) {
  RETURN_IF_ERROR(AwaitNoDoubt(/*patient=*/true, stop));
  base::MutexLock lock(mu_);
  return activation_.AdmitPing(clock_.Monotonic());
}

absl::StatusOr<http::Response> Engine::AskPing(const std::function<void()>& on_starting,
                                               const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const SocketActivation::Ping admitted, AdmitPing(stop));
  const bool starts = admitted == SocketActivation::Ping::kStarts;
  if (starts && on_starting) on_starting();
  const EngineCall call = {
      .operation = "Ping", .path = "/_ping", .deadline = starts ? kActivationPatience : kPingDeadline};
  absl::StatusOr<http::Response> ping = Plain(call, call.path, stop);
  base::MutexLock lock(mu_);
  if (ping.ok())
    activation_.OnPingAnswered(ping->listener_pid, clock_.Monotonic());
  else
    activation_.OnPingFailed(admitted);
  return ping;
}

absl::StatusOr<EngineInfo> Engine::Ping(const std::function<void()>& on_starting,
                                        const std::stop_token& stop) {
  absl::StatusOr<http::Response> ping = AskPing(on_starting, stop);
  if (!ping.ok()) {
    Forget();
    return ping.status();
  }
  ASSIGN_OR_RETURN(EngineInfo info, Introduced(*ping));
  base::MutexLock lock(mu_);
  api_version_ = info.api_version;
  return info;
}

void Engine::NoteOwnSignal(const std::string& id, base::Instant until) {
  if (id.empty()) return;
  base::MutexLock lock(mu_);
  std::erase_if(own_signals_, [&](const auto& signal) { return signal.second < clock_.Monotonic(); });
  own_signals_[id] = until;
}

bool Engine::IsOwnSignal(const Event& event, base::Instant now) const {
  const auto signal = own_signals_.find(event.actor_id);
  return signal != own_signals_.end() && now <= signal->second;
}

// Of calls that have ended; empty: of every container.
void Engine::ForgetOwnSignals(const std::string& id) {
  std::erase_if(own_signals_, [&](const auto& signal) {
    return (id.empty() || signal.first == id) && signal.second < base::InfiniteFuture();
  });
}

void Engine::OnEvent(const Event& event) {
  if (event.type != "container") return;
  base::MutexLock lock(mu_);
  const base::Instant now = clock_.Monotonic();
  if (event.action == "kill" && MayEnd(event) && !IsOwnSignal(event, now))
    activation_.OnSignal(event.actor_id, now);
  if (event.action == "die") activation_.OnEnd(event.actor_id, now);
  if (event.action == "create" || event.action == "start") activation_.OnBeginning();
  if (event.action == "start") ForgetOwnSignals(event.actor_id);
  certain_.NotifyAll();
}

void Engine::OnLost() {
  base::MutexLock lock(mu_);
  activation_.OnLost();
  ForgetOwnSignals("");
  certain_.NotifyAll();
}

void Engine::Forget() {
  base::MutexLock lock(mu_);
  api_version_.clear();
}

absl::StatusOr<std::string> Engine::Version(const std::stop_token& stop) {
  {
    base::MutexLock lock(mu_);
    if (!api_version_.empty()) return api_version_;
  }
  ASSIGN_OR_RETURN(const EngineInfo info, Ping(nullptr, stop));
  return info.api_version;
}

absl::StatusOr<http::Response> Engine::Plain(const EngineCall& call, const std::string& target,
                                             const std::stop_token& stop) {
  return Once(
      call, target,
      [this](const auto& request, const auto& options) { return client_.Call(request, options); }, stop);
}

absl::StatusOr<http::Response> Engine::Call(const EngineCall& call, const std::stop_token& stop) {
  return Versioned(
      call, [this](const auto& request, const auto& options) { return client_.Call(request, options); },
      stop);
}

absl::Status Engine::Stream(const EngineCall& call, const std::function<void()>& on_open,
                            const std::function<bool(absl::string_view chunk)>& on_chunk,
                            const std::stop_token& stop) {
  const auto open = [&](int status) {
    if (on_open && status / 100 == 2) on_open();
  };
  const auto send = [&](const http::Request& request, const http::CallOptions& options) {
    return client_.Stream(request, options, open, on_chunk);
  };
  return Versioned(call, send, stop).status();
}

absl::StatusOr<http::Response> Engine::Upload(
    const EngineCall& call, uint64_t size,
    const std::function<absl::StatusOr<std::string>(uint64_t offset)>& next, const std::stop_token& stop) {
  const auto send = [&](const http::Request& request, const http::CallOptions& options) {
    return client_.Upload(request, options, size, next);
  };
  return Versioned(call, send, stop);
}

absl::StatusOr<http::Response> Engine::Versioned(const EngineCall& call, const Send& send,
                                                 const std::stop_token& stop) {
  RETURN_IF_ERROR(AwaitNoDoubt(call.patient, stop));
  {
    base::MutexLock lock(mu_);
    RETURN_IF_ERROR(activation_.AdmitCall());
  }
  ASSIGN_OR_RETURN(const std::string version, Version(stop));
  absl::StatusOr<http::Response> response = Once(call, absl::StrCat("/v", version, call.path), send, stop);
  // The daemon was exchanged between two pings.
  if (!absl::IsInvalidArgument(response.status()) || !IsVersionMismatch(400, response.status().message()))
    return response;
  Forget();
  ASSIGN_OR_RETURN(const std::string other, Version(stop));
  if (other == version) return NothingInCommon(response.status().message());
  return Once(call, absl::StrCat("/v", other, call.path), send, stop);
}

absl::StatusOr<http::Response> Engine::Once(const EngineCall& call, const std::string& target,
                                            const Send& send, const std::stop_token& stop) {
  const http::Request request = {call.method, target, call.headers, call.body, call.content_type};
  const http::CallOptions options = {.deadline = call.deadline,
                                     .inactivity = call.inactivity,
                                     .opening = call.opening,
                                     .max_body_bytes = call.max_body_bytes,
                                     .stop = stop};
  const auto start = steady_clock::now();
  NoteOwnSignal(call.signals, base::InfiniteFuture());
  absl::StatusOr<http::Response> response = send(request, options);
  NoteOwnSignal(call.signals, clock_.Monotonic() + kEventLag);
  if (listener_) {
    const std::string code =
        response.ok() ? absl::StrCat(response->status) : absl::StatusCodeToString(response.status().code());
    listener_(call.operation, code, absl::FromChrono(steady_clock::now() - start));
  }
  if (!response.ok()) return WithRemedy(response.status());
  const std::string what = absl::StrCat(call.method, " ", call.path.substr(0, call.path.find('?')));
  RETURN_IF_ERROR(StatusFromHttp(response->status, call.call_class, what, DecodeMessage(response->body)));
  return response;
}

}  // namespace spacelet::docker

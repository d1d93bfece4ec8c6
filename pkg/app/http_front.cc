#include "pkg/app/http_front.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/httpserver/routes.h"

namespace spacelet::app {
namespace {

constexpr absl::Duration kBindRetry = absl::Milliseconds(250);

http::Handler HandlerFor(Core& core) {
  return httpserver::MakeHandler({[&core] { return core.metrics.Render(); },
                                  [&core] { return core.heartbeats.Late(); },
                                  [&core] { return core.board.Snapshot(); },
                                  [&core] { return core.board.version(); }, &core.events, &core.clock});
}

const char* Name(http::HandshakeFailure why) {
  switch (why) {
    case http::HandshakeFailure::kPlaintext:
      return "plaintext";
    case http::HandshakeFailure::kRefused:
      return "refused";
    case http::HandshakeFailure::kTimeout:
      return "timeout";
    case http::HandshakeFailure::kBusy:
      return "busy";
  }
  return "unknown";
}

absl::Status StayedTaken(const std::string& address) {
  return absl::AlreadyExistsError(
      absl::StrCat(address, " is taken by another process since ", absl::FormatDuration(kBindPatience),
                   " (ss -ltnp shows which); stop that or give another --listen-address"));
}

}  // namespace

HttpFront::HttpFront(http::ServerOptions options, Core& core, WebAccess* web)
    : options_(std::move(options)), core_(core), web_(web) {
  if (web_ == nullptr) return;
  options_.tls = [web] { return web->Tls(); };
  options_.on_handshake_failed = [&core](http::HandshakeFailure why) {
    core.metrics.HttpHandshakeFailed(Name(why));
  };
}

http::Handler HttpFront::Pages() const {
  http::Handler pages = HandlerFor(core_);
  return web_ != nullptr ? web_->Guard(std::move(pages)) : pages;
}

absl::Status HttpFront::Run(const std::stop_token& stop) {
  const base::Instant give_up = core_.clock.Monotonic() + kBindPatience;
  const http::Handler handler = Pages();
  while (!stop.stop_requested()) {
    const absl::StatusOr<std::unique_ptr<http::Server>> server = http::Server::Bind(options_, handler);
    if (server.ok()) {
      bound_ = true;
      core_.logger.Info("HTTP is served",
                        {{"address", options_.listen_address}, {"port", absl::StrCat((*server)->port())}});
      if (!(*server)->socket_status().ok())
        core_.logger.Warning("no socket for clients of this machine",
                             {{"error", std::string((*server)->socket_status().message())}});
      return (*server)->Run(stop);
    }
    if (!absl::IsAlreadyExists(server.status())) return server.status();
    if (core_.clock.Monotonic() >= give_up) return StayedTaken(options_.listen_address);
    absl::SleepFor(kBindRetry);
  }
  return absl::OkStatus();
}

}  // namespace spacelet::app

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

absl::Status StayedTaken(const std::string& address) {
  return absl::AlreadyExistsError(
      absl::StrCat(address, " is taken by another process since ", absl::FormatDuration(kBindPatience),
                   " (ss -ltnp shows which); stop that or give another --listen-address"));
}

}  // namespace

absl::Status HttpFront::Run(const std::stop_token& stop) {
  const base::Instant give_up = core_.clock.Monotonic() + kBindPatience;
  const http::Handler handler = HandlerFor(core_);
  while (!stop.stop_requested()) {
    const absl::StatusOr<std::unique_ptr<http::Server>> server = http::Server::Bind(options_, handler);
    if (server.ok()) {
      bound_ = true;
      core_.logger.Info("HTTP is served",
                        {{"address", options_.listen_address}, {"port", absl::StrCat((*server)->port())}});
      return (*server)->Run(stop);
    }
    if (!absl::IsAlreadyExists(server.status())) return server.status();
    if (core_.clock.Monotonic() >= give_up) return StayedTaken(options_.listen_address);
    absl::SleepFor(kBindRetry);
  }
  return absl::OkStatus();
}

}  // namespace spacelet::app

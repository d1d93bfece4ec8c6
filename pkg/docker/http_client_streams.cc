#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/encode.h"
#include "pkg/docker/http_client.h"
#include "pkg/docker/json_stream.h"
#include "pkg/docker/paths.h"

namespace spacelet::docker {
namespace {

using std::chrono::steady_clock;

constexpr char kKill[] = "kill";

// What can make an observation stale, and what a Docker that is stopped does first. Not exec_*: every health
// check would wake the agent.
std::string EventFilters() {
  return EncodeFilters({{"type", {"container", "network"}},
                        {"event",
                         {"create", "start", "restart", "die", "stop", "oom", "destroy", "rename", "update",
                          "pause", "unpause", "health_status", "connect", "disconnect", "remove", kKill}}});
}

// A deadline that passed before the command ran, or after it ended, is the daemon's and not the command's.
absl::Status OfDaemon(const absl::Status& status) {
  return absl::IsDeadlineExceeded(status) ? absl::UnavailableError(status.message()) : status;
}

// moby reads "seconds.nanoseconds", with nine digits.
std::string Since(int64_t nano) {
  return nano <= 0 ? std::string() : absl::StrFormat("%d.%09d", nano / 1'000'000'000, nano % 1'000'000'000);
}

}  // namespace

absl::Status HttpClient::Stream(int64_t since_nano, const std::function<void()>& on_open,
                                const std::function<void(const Event&)>& on_event,
                                const std::stop_token& stop) {
  const EngineCall call = {
      .operation = "Events",
      .path = "/events" + Query({{"since", Since(since_nano)}, {"filters", EventFilters()}}),
      .deadline = absl::InfiniteDuration(),
      .opening = kEventsOpening};
  JsonStream objects;
  absl::Status broken;
  const auto on_object = [&](absl::string_view object) -> absl::Status {
    ASSIGN_OR_RETURN(const Event event, DecodeEvent(object));
    engine_.OnEvent(event);
    if (!event.type.empty() && !event.action.empty() && event.action != kKill) on_event(event);
    return absl::OkStatus();
  };
  const auto on_chunk = [&](absl::string_view chunk) {
    broken = objects.Feed(chunk, on_object);
    return broken.ok();
  };
  bool opened = false;
  const auto open = [&] {
    opened = true;
    if (on_open) on_open();
  };
  const absl::Status status = engine_.Stream(call, open, on_chunk, stop);
  if (opened) engine_.OnLost();  // stopped, too: whoever stops it gives the daemon up
  if (stop.stop_requested()) return absl::OkStatus();
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(broken);
  return absl::UnavailableError("GET /events: the stream ended");
}

absl::StatusOr<std::string> HttpClient::Health(const std::string& id, const std::stop_token& stop) {
  const EngineCall call = {.operation = "InspectContainer", .deadline = kInspectDeadline, .patient = false};
  ASSIGN_OR_RETURN(const http::Response response, OnContainer(call, id, "/json", stop));
  ASSIGN_OR_RETURN(const Container container, DecodeContainer(response.body));
  return container.health;
}

absl::StatusOr<int> HttpClient::Exec(const std::string& id, const std::vector<std::string>& argv,
                                     absl::Duration timeout, const std::stop_token& stop) {
  const auto deadline = steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  const auto left = [&] { return absl::FromChrono(deadline - steady_clock::now()); };
  const EngineCall create = {.operation = "CreateExec",
                             .method = "POST",
                             .body = EncodeCreateExec(argv),
                             .deadline = left(),
                             .patient = false};
  const absl::StatusOr<http::Response> created = OnContainer(create, id, "/exec", stop);
  RETURN_IF_ERROR(OfDaemon(created.status()));
  ASSIGN_OR_RETURN(const std::string exec_id, DecodeId(created->body));
  ASSIGN_OR_RETURN(const std::string segment, ObjectSegment(exec_id));
  if (left() <= absl::ZeroDuration())
    return absl::UnavailableError("the daemon took all of the command's time to prepare it");
  const EngineCall start = {.operation = "StartExec",
                            .method = "POST",
                            .path = absl::StrCat("/exec/", segment, "/start"),
                            .body = EncodeStartExec(),
                            .deadline = left(),
                            .patient = false};
  RETURN_IF_ERROR(engine_.Stream(
      start, nullptr, [](absl::string_view) { return true; }, stop));
  const EngineCall inspect = {.operation = "InspectExec",
                              .path = absl::StrCat("/exec/", segment, "/json"),
                              .deadline = kInspectDeadline,
                              .patient = false};
  const absl::StatusOr<http::Response> inspected = engine_.Call(inspect, stop);
  RETURN_IF_ERROR(OfDaemon(inspected.status()));
  ASSIGN_OR_RETURN(const ExecState state, DecodeExec(inspected->body));
  if (state.running) return absl::UnavailableError("the probe's output ended while it still runs");
  return state.exit_code;
}

}  // namespace spacelet::docker

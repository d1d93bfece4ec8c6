// The event stream: the same events however the bytes are cut.
#include "pkg/base/status_macros.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/json_stream.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

struct Heard {
  std::vector<std::string> events;
  absl::Status status;
  bool at_boundary = false;
  bool operator==(const Heard&) const = default;
};

Heard Listen(const std::vector<absl::string_view>& pieces) {
  docker::JsonStream stream;
  Heard heard;
  const auto on_object = [&](absl::string_view object) -> absl::Status {
    ASSIGN_OR_RETURN(const docker::Event event, docker::DecodeEvent(object));
    heard.events.push_back(event.type + " " + event.action + " " + event.actor_id);
    return absl::OkStatus();
  };
  for (const absl::string_view piece : pieces) {
    heard.status = stream.Feed(piece, on_object);
    if (!heard.status.ok()) break;
  }
  heard.at_boundary = heard.status.ok() && stream.AtBoundary();
  return heard;
}

}  // namespace

void Check(absl::string_view input) {
  const Heard whole = Listen({input});
  if (!whole.status.ok()) RequireReason(whole.status);
  for (const std::vector<absl::string_view>& pieces : Cuts(input))
    Require(Listen(pieces) == whole, "the same is heard however the bytes are cut");
}

}  // namespace spacelet::fuzz

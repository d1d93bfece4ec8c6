// The progress of a pull: the same however the bytes are cut, and never more than all.
#include "absl/strings/str_cat.h"
#include "pkg/docker/pull_stream.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

struct Pulled {
  absl::Status status;
  std::string progress;
  bool operator==(const Pulled&) const = default;
};

void RequireProgress(const docker::PullProgress& p) {
  Require(p.layers_done >= 0 && p.layers_done <= p.layers_total, "no more layers are done than there are");
  Require(p.bytes_done >= 0 && p.bytes_done <= p.bytes_total, "no more bytes are done than there are");
  RequireOneLine(p.status);
}

Pulled Pull(const std::vector<absl::string_view>& pieces) {
  docker::PullStream stream;
  Pulled pulled;
  for (const absl::string_view piece : pieces) {
    pulled.status = stream.Feed(piece);
    RequireProgress(stream.Progress());
    if (!pulled.status.ok()) break;
  }
  if (pulled.status.ok()) pulled.status = stream.Finish();
  const docker::PullProgress p = stream.Progress();
  pulled.progress =
      absl::StrCat(p.status, " ", p.layers_done, "/", p.layers_total, " ", p.bytes_done, "/", p.bytes_total);
  return pulled;
}

}  // namespace

void Check(absl::string_view input) {
  const Pulled whole = Pull({input});
  if (!whole.status.ok()) RequireReason(whole.status);
  for (const std::vector<absl::string_view>& pieces : Cuts(input))
    Require(Pull(pieces) == whole, "a pull is the same however the bytes are cut");
}

}  // namespace spacelet::fuzz

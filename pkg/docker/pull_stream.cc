#include "pkg/docker/pull_stream.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/docker/errors.h"

namespace spacelet::docker {
namespace {

constexpr size_t kMaxLayers = 1000;  // moby allows 125; the rest of a hostile stream is not counted
// 64 TiB: what all layers have together can be counted, in percent, too.
constexpr int64_t kMaxLayerBytes = int64_t{1} << 46;

bool IsLayerStatus(const std::string& status) {
  static const std::set<std::string> kStatuses = {"Pulling fs layer",   "Waiting",           "Downloading",
                                                  "Verifying Checksum", "Download complete", "Extracting",
                                                  "Pull complete",      "Already exists"};
  return kStatuses.count(status) > 0;
}

}  // namespace

absl::Status PullStream::Feed(absl::string_view chunk) {
  return objects_.Feed(chunk, [this](absl::string_view line) { return TakeLine(line); });
}

absl::Status PullStream::Finish() const {
  if (!objects_.AtBoundary())
    return absl::InternalError("the progress stream ended in the middle of an object");
  if (lines_ == 0) return absl::InternalError("the progress stream ended without a word");
  return absl::OkStatus();
}

absl::Status PullStream::TakeLine(absl::string_view text) {
  ASSIGN_OR_RETURN(const PullLine line, DecodePullLine(text));
  ++lines_;
  if (!line.error.empty()) return absl::Status(PullErrorCode(line.error), base::OneLine(line.error));
  if (!line.status.empty())
    status_ = base::OneLine(line.id.empty() ? line.status : absl::StrCat(line.id, ": ", line.status));
  if (!line.id.empty() && IsLayerStatus(line.status)) TakeLayer(line);
  return absl::OkStatus();
}

void PullStream::TakeLayer(const PullLine& line) {
  auto it = layers_.find(line.id);
  if (it == layers_.end()) {
    if (layers_.size() == kMaxLayers) return;
    it = layers_.emplace(line.id, Layer()).first;
  }
  Layer& layer = it->second;
  if (line.status == "Downloading") {
    layer.current = std::clamp<int64_t>(line.current, 0, kMaxLayerBytes);
    layer.total = std::max({std::min(line.total, kMaxLayerBytes), layer.current, layer.total});
  } else if (line.status != "Pulling fs layer" && line.status != "Waiting") {
    layer.current = layer.total;
  }
  layer.done = line.status == "Pull complete" || line.status == "Already exists";
}

PullProgress PullStream::Progress() const {
  PullProgress out;
  out.status = status_;
  out.layers_total = static_cast<int>(layers_.size());
  for (const auto& [id, layer] : layers_) {
    out.layers_done += layer.done ? 1 : 0;
    out.bytes_done += layer.current;
    out.bytes_total += layer.total;
  }
  return out;
}

}  // namespace spacelet::docker

#include "pkg/source/document_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/config/load.h"
#include "pkg/source/beside.h"

namespace spacelet::source {
namespace {

// One byte more than a document may have, so that one that is too large is reported as such.
constexpr size_t kMostBytes = config::kMaxDocumentBytes + 1;

absl::Status BeingChanged(const std::string& path) {
  return absl::AbortedError(absl::StrCat(path, " is being changed"));
}

}  // namespace

DocumentSet::DocumentSet(const std::string& path, Store& store, const log::Logger& logger)
    : directory_(DirectoryOf(path)), store_(store), logger_(logger), document_{.path = path, .read = [path] {
                                                                                 return base::ReadFile(
                                                                                     path, kMostBytes);
                                                                               }} {}

void DocumentSet::ForEach(const std::function<void(TrackedFile&)>& visit) {
  visit(document_);
  for (auto& [path, overlay] : overlays_) visit(overlay.file);
}

absl::Duration DocumentSet::DueIn(base::Instant now, absl::Duration debounce) const {
  if (waiting_) return debounce;
  return retry_at_ ? *retry_at_ - now : absl::InfiniteDuration();
}

void DocumentSet::Look(base::Instant now) {
  waiting_ = false;
  if (retry_at_ && now >= *retry_at_) changed_ = true;
  ForEach([&](TrackedFile& file) {
    changed_ = file.Look(now) || changed_;
    waiting_ = waiting_ || file.waiting;
  });
  if (changed_ && !waiting_) Offer(now);
}

void DocumentSet::Offer(base::Instant now) {
  const absl::StatusOr<base::FileContent> content = document_.read();
  if (IdentityOf(content) != document_.identity) {
    waiting_ = true;
    return;
  }
  if (!content.ok()) {
    changed_ = false;
    logger_.Warning("document cannot be read",
                    {{"path", document_.path}, {"error", content.status().ToString()}});
    return store_.Unreadable(std::string(content.status().message()));
  }
  for (auto& [path, overlay] : overlays_) overlay.read_now = false;
  Version version{.bytes = content->bytes, .file_name = document_.path, .directory = directory_};
  version.read = [this, now](const std::string& path) { return Read(path, now); };
  version.is_whole = [this, stamp = content->stamp] { return IsWhole(stamp); };
  const Attempt attempt = store_.Offer(version);
  Settle(attempt, now);
  Tell(attempt);
}

absl::StatusOr<std::string> DocumentSet::Read(const std::string& relative_path, base::Instant now) {
  Overlay& overlay = overlays_[relative_path];
  TrackedFile& file = overlay.file;
  if (file.path.empty()) {
    file.path = absl::StrCat(directory_, "/", relative_path);
    file.read = [directory = directory_, relative_path] { return ReadBeside(directory, relative_path); };
    file.absence_settles = true;
    grown_ = true;
  }
  overlay.read_now = true;
  absl::StatusOr<base::FileContent> content = file.read();
  const bool believed = file.identity ? file.identity == IdentityOf(content) : file.TakeFirst(content, now);
  if (!believed) return BeingChanged(file.path);
  overlay.stamp = content.ok() ? std::optional(content->stamp) : std::nullopt;
  if (!content.ok()) return content.status();
  return std::move(content->bytes);
}

bool DocumentSet::IsWhole(const base::FileStamp& document) const {
  const auto stamp = base::StampFile(document_.path);
  if (!stamp.ok() || *stamp != document) return false;
  return std::all_of(overlays_.begin(), overlays_.end(), [](const auto& named) {
    const Overlay& overlay = named.second;
    if (!overlay.read_now) return true;
    if (!overlay.stamp) return overlay.file.identity == IdentityOf(overlay.file.read());
    const auto now = base::StampFile(overlay.file.path);
    return now.ok() && *now == *overlay.stamp;
  });
}

// What a rejected version does not name stays tracked as long as the last accepted one does: it must not be
// taken for new when the version after it names it again.
void DocumentSet::Settle(const Attempt& attempt, base::Instant now) {
  using Result = Attempt::Result;
  changed_ = waiting_ = attempt.result == Result::kNone;
  retry_at_.reset();
  if (attempt.result == Result::kNone) return;
  if (attempt.result == Result::kWaiting) retry_at_ = now + kFactRetry;
  const bool good = attempt.result == Result::kAccepted || attempt.result == Result::kUnchanged;
  for (auto it = overlays_.begin(); it != overlays_.end();) {
    Overlay& overlay = it->second;
    if (good) overlay.in_force = overlay.read_now;
    it = overlay.in_force || overlay.read_now ? std::next(it) : overlays_.erase(it);
  }
}

void DocumentSet::Tell(const Attempt& attempt) {
  using Result = Attempt::Result;
  if (attempt.result != Result::kWaiting) told_.clear();
  if (attempt.result == Result::kRejected)
    logger_.Warning("document rejected", {{"path", document_.path}, {"error", attempt.error}});
  if (attempt.result == Result::kAccepted)
    logger_.Info("document accepted", {{"path", document_.path}, {"revision", attempt.revision}});
  if (attempt.result == Result::kWaiting && std::exchange(told_, attempt.error) != attempt.error)
    logger_.Warning("document waits for a fact of this host",
                    {{"path", document_.path}, {"error", attempt.error}});
}

}  // namespace spacelet::source

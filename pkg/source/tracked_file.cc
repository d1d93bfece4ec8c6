#include "pkg/source/tracked_file.h"

#include <utility>

#include "pkg/base/digest.h"

namespace spacelet::source {

std::string IdentityOf(const absl::StatusOr<base::FileContent>& content) {
  return content.ok() ? base::Sha256Hex(content->bytes) : content.status().ToString();
}

bool TrackedFile::Concerns(const FileEvent& event) const {
  if (event.name.empty()) return event.directory.empty() || chain.names.count(event.directory) != 0;
  const auto names = chain.names.find(event.directory);
  return names != chain.names.end() && names->second.count(event.name) != 0;
}

void TrackedFile::Note(const FileEvent& event) {
  if (event.replaced) settling.OnReplaced();
  if (event.written) settling.OnWritten();
  if (event.closed) settling.OnClosed();
}

bool TrackedFile::MayTake(const absl::StatusOr<base::FileContent>& content, base::Instant now) {
  if (content.ok()) {
    absent_since.reset();
    return settling.MayTake(content->stamp, WriterOf(path), trusted, now);
  }
  if (!absence_settles || trusted || !absl::IsNotFound(content.status())) return true;
  if (!absent_since) absent_since = now;
  return now - *absent_since >= kInPlaceQuiet;
}

bool TrackedFile::Look(base::Instant now) {
  const bool force = trusted && identity.has_value();
  const absl::StatusOr<base::FileContent> content = read();
  waiting = content.status().code() == absl::StatusCode::kAborted;  // changed while it was read
  if (waiting) return false;
  std::string found = IdentityOf(content);
  waiting = !MayTake(content, now) && (force || identity != found);
  if (waiting) return false;
  trusted = false;
  settling.OnTaken();
  if (identity == found && !force) return false;
  identity = std::move(found);
  return true;
}

bool TrackedFile::TakeFirst(const absl::StatusOr<base::FileContent>& content, base::Instant now) {
  if (absl::IsAborted(content.status()) || !MayTake(content, now)) return false;
  trusted = false;
  settling.OnTaken();
  identity = IdentityOf(content);
  return true;
}

}  // namespace spacelet::source

// A document on this host and the overlays that it names: one version, offered when all of them have settled.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/log/log.h"
#include "pkg/source/store.h"
#include "pkg/source/tracked_file.h"

namespace spacelet::source {

// Which overlays there are follows from the document, its own host and what was read of them, so they are
// found out by offering it. What is offered has stood on the disk all at one moment: each file as it is
// believed, and none changed between the first read and the last. Thread-safety: none.
class DocumentSet {
 public:
  static constexpr absl::Duration kFactRetry = absl::Seconds(5);  // a metadata service that is late

  // `path`: absolute. `store` and `logger` outlive it.
  DocumentSet(const std::string& path, Store& store, const log::Logger& logger);

  // Reads every file and offers the set when one is another and all may be believed. Afterwards some may be
  // tracked that were not: see TakeGrown.
  void Look(base::Instant now);
  // A person's wish: the next Look offers what stands there even when it is the same.
  void Trust() { document_.trusted = true; }

  // Whether files are tracked since the last call that are not watched yet.
  bool TakeGrown() { return std::exchange(grown_, false); }
  // When the next Look is due without any event; infinite: never.
  absl::Duration DueIn(base::Instant now, absl::Duration debounce) const;

  void ForEach(const std::function<void(TrackedFile&)>& visit);

 private:
  struct Overlay {
    TrackedFile file;
    bool in_force = false;                      // of the last set that was accepted
    bool read_now = false;                      // of the set that is being offered
    std::optional<base::FileStamp> stamp = {};  // as it was read; none: it was not there
  };

  void Offer(base::Instant now);
  absl::StatusOr<std::string> Read(const std::string& relative_path, base::Instant now);
  bool IsWhole(const base::FileStamp& document) const;
  void Settle(const Attempt& attempt, base::Instant now);
  void Tell(const Attempt& attempt);

  const std::string directory_;
  Store& store_;
  const log::Logger& logger_;
  TrackedFile document_;
  std::map<std::string, Overlay> overlays_;  // by relative path
  bool changed_ = false;                     // something was believed that has not been offered
  bool waiting_ = false;                     // something is not believed yet
  bool grown_ = false;
  std::optional<base::Instant> retry_at_;  // a fact of the host was not to be had
  std::string told_;                       // the last reason for waiting that was logged
};

}  // namespace spacelet::source

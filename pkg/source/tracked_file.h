// One file that is watched: what is believed of it, and whether something newer is waited for.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pkg/base/clock.h"
#include "pkg/base/file.h"
#include "pkg/source/chain.h"
#include "pkg/source/settle.h"
#include "pkg/source/watcher.h"

namespace spacelet::source {

using FileReader = std::function<absl::StatusOr<base::FileContent>()>;

// What tells one content, or one reason for having none, from another.
std::string IdentityOf(const absl::StatusOr<base::FileContent>& content);

// Thread-safety: none.
struct TrackedFile {
  std::string path;  // absolute
  FileReader read;
  // A file that is gone is believed to be only after a while: some writers remove before they write.
  bool absence_settles = false;

  Chain chain = {};  // as it was watched last
  Settling settling = {};
  std::optional<std::string> identity = {};  // of what is believed; none before the first look
  bool trusted = true;                       // the next look is the first, or a person's wish
  bool waiting = false;                      // something was seen and is not believed yet
  std::optional<base::Instant> absent_since = {};

  bool Concerns(const FileEvent& event) const;
  void Note(const FileEvent& event);

  // Reads the file. Whether there is something else to believe than before; for a person's wish also the
  // same.
  bool Look(base::Instant now);
  // Takes what was just read, at a first look; false: it may not be believed yet. Requires: no identity.
  bool TakeFirst(const absl::StatusOr<base::FileContent>& content, base::Instant now);

 private:
  bool MayTake(const absl::StatusOr<base::FileContent>& content, base::Instant now);
};

}  // namespace spacelet::source

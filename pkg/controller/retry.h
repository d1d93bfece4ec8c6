// The retry policy, all of it.
#pragma once

#include "absl/status/status.h"

namespace spacelet::controller {

enum class Retry {
  kNone,         // nothing to retry: it went well, or the agent stops
  kSoon,         // the world was another than observed: look again shortly, then with back-off
  kBackOff,      // 1 s ×2 to 60 s
  kPullBackOff,  // 5 s ×2 to 5 min, of this image
  kOnChange,     // repeating it cannot help: wait for a change, or the slow resync
};

// What follows a look that ended in `status`. `pulling`: the step that failed was the pull of an image, which
// has a back-off of its own whatever the registry said: tags appear, credentials are corrected over there.
Retry RetryAfter(const absl::Status& status, bool pulling);

}  // namespace spacelet::controller

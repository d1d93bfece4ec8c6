// How a daemon and its host are set up.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

struct EngineSettings {   // GET /info
  int cpus = 0;           // of its host; 0: it does not say
  std::string data_root;  // where it keeps images, a path on its own host; empty: it does not say
  std::string storage_driver, cgroup_version;
  bool memory_limit = true;  // the kernel can; also when the daemon does not say
  bool live_restore = false;
  std::string https_proxy, no_proxy;  // the daemon's own, for pulls; the daemon masks a password
  bool operator==(const EngineSettings&) const = default;
};

// Pure. Errors: Internal, as decode.h.
absl::StatusOr<EngineSettings> DecodeSettings(absl::string_view info);

}  // namespace spacelet::docker

// How a daemon is set up, as far as people want to know; no decision of the agent depends on it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

struct EngineSettings {  // GET /info
  std::string storage_driver, cgroup_version;
  bool memory_limit = true;  // the kernel can; also when the daemon does not say
  bool live_restore = false;
  std::string https_proxy, no_proxy;  // the daemon's own, for pulls; the daemon masks a password
  bool operator==(const EngineSettings&) const = default;
};

// Pure. Errors: Internal, as decode.h.
absl::StatusOr<EngineSettings> DecodeSettings(absl::string_view info);

}  // namespace spacelet::docker

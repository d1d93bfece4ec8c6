#include "pkg/docker/engine_settings.h"

#include "pkg/base/status_macros.h"
#include "pkg/docker/json_fields.h"

namespace spacelet::docker {

absl::StatusOr<EngineSettings> DecodeSettings(absl::string_view info) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(info));
  EngineSettings settings;
  settings.cpus = SmallInt(json, "NCPU");
  settings.data_root = String(json, "DockerRootDir");
  settings.storage_driver = String(json, "Driver");
  settings.cgroup_version = String(json, "CgroupVersion");
  settings.memory_limit = !json.contains("MemoryLimit") || Bool(json, "MemoryLimit");
  settings.live_restore = Bool(json, "LiveRestoreEnabled");
  settings.https_proxy = String(json, "HttpsProxy");
  settings.no_proxy = String(json, "NoProxy");
  return settings;
}

}  // namespace spacelet::docker

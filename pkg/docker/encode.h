// Values → the JSON that Docker takes. Canonical (keys sorted) and minimal: only what is set is sent, so that
// a newer daemon's defaults stay the daemon's. Pure and total; invalid UTF-8 becomes U+FFFD.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

// POST /containers/create. Name and platform go into the query. Mounts, never Binds: Docker refuses a missing
// source instead of making it. Holds secrets in clear: never print.
std::string EncodeCreateContainer(const CreateContainerRequest& request);
// POST /containers/{id}/update. Only what is set; empty object when nothing is.
std::string EncodeUpdateContainer(const LiveResources& resources,
                                  const std::optional<RestartPolicy>& restart_policy);
// POST /networks/create. CheckDuplicate is for engines before 25, which allow several networks of one name.
std::string EncodeCreateNetwork(const NetworkConfig& config);
std::string EncodeConnectNetwork(absl::string_view container, const std::vector<std::string>& aliases);
std::string EncodeDisconnectNetwork(absl::string_view container, bool force);
std::string EncodeCreateExec(const std::vector<std::string>& argv);
std::string EncodeStartExec();
// The `filters` parameter, not yet percent-encoded.
std::string EncodeFilters(const std::map<std::string, std::vector<std::string>>& filters);
// The value of X-Registry-Auth before base64. Holds a secret.
std::string EncodeCredential(const RegistryCredential& credential);

}  // namespace spacelet::docker

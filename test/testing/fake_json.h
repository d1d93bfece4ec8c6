// The shapes of Docker's API 1.41, seen from the daemon: what it takes → values, values → what it answers.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "pkg/docker/types.h"

namespace spacelet::testing {

// Fields that the model does not know are ignored, as the daemon ignores unknown ones. Throws nlohmann's
// exceptions.
docker::ContainerConfig ContainerConfigFrom(const nlohmann::json& body);
docker::LiveResources ResourcesFrom(const nlohmann::json& host_config);
std::optional<docker::RestartPolicy> RestartPolicyFrom(const nlohmann::json& host_config);
docker::NetworkConfig NetworkConfigFrom(const nlohmann::json& body);

nlohmann::json ToJson(const docker::Container& container);
nlohmann::json ToJson(const docker::ContainerSummary& row);
nlohmann::json ToJson(const docker::Network& network, bool with_members);
nlohmann::json ToJson(const docker::Image& image);
nlohmann::json ToJson(const docker::Event& event);

}  // namespace spacelet::testing

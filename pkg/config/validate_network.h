#pragma once

#include "pkg/api/types.h"
#include "pkg/config/report.h"

namespace spacelet::config {

// Name not one of Docker's own, subnet a network, gateway inside it.
void ValidateNetwork(const api::Network& network, Report& report);

// `labels` at `path` must not hold the agent's own.
void CheckLabels(const std::string& path, const std::map<std::string, std::string>& labels, Report& report);

}  // namespace spacelet::config

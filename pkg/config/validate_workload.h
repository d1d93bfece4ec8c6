#pragma once

#include "pkg/config/report.h"
#include "pkg/config/validate.h"

namespace spacelet::config {

// Rules between the fields of one workload.
void ValidateWorkload(const Placed& placed, Report& report);

void CheckSecret(const std::string& path, const api::SecretSource& secret, Report& report);

}  // namespace spacelet::config

// The grammar of the policy file. Private to this package.
#pragma once

#include "pkg/config/record.h"
#include "pkg/policy/policy.h"

namespace spacelet::policy {

// The whole file. Made once.
const config::Record<Rules>& PolicyRecord();

}  // namespace spacelet::policy

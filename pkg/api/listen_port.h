// The ports that the two programs listen on, which their environment may move.
#pragma once

#include <cstdint>

#include "pkg/api/types.h"

namespace spacelet::api {

uint16_t RunnerListenPort(const Workload& runner);      // DRONE_HTTP_BIND (":3000"), else 3000
uint16_t DelegateListenPort(const Workload& delegate);  // DELEGATE_HTTP_PORT, else 3460

}  // namespace spacelet::api

// The name of the machine.
#pragma once

#include <string>

namespace spacelet::base {

// As the kernel knows it (gethostname); empty when it has none.
std::string HostName();

}  // namespace spacelet::base

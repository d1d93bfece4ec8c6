// The script that runs on a new machine: bootstrap.sh, as it is.
#pragma once

namespace spacelet::cloudinit {

extern const char kBootstrapScript[];

}  // namespace spacelet::cloudinit

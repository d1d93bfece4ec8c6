// In which container this process runs: the one that it must never stop or replace.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::app {

// From the text of /proc/self/mountinfo (proc(5)): Docker and Podman mount the container's resolv.conf, hosts
// and hostname from a directory that is named by its id. Empty: this is no container of theirs.
std::string OwnContainer(absl::string_view mountinfo);

// The same of this process.
std::string OwnContainerHere();

}  // namespace spacelet::app

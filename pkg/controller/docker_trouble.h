// Why Docker cannot be used, and what a person can do about it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pkg/docker/types.h"

namespace spacelet::controller {

struct Trouble {
  std::string reason;   // api::reason
  std::string message;  // what failed, and the remedy
};

// From the failed ping of `host` ("unix:///var/run/docker.sock").
Trouble DockerTrouble(const absl::Status& ping, const std::string& host);

// Of an engine that answers: Connected, or UnsupportedEngine when it is not Docker. It is used all the same.
Trouble DockerGreeting(const docker::EngineInfo& engine);

// Whether a failed call may mean that the whole daemon is away, rather than one object being in trouble.
bool MayBeAway(const absl::Status& status);

}  // namespace spacelet::controller

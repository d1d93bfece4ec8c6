// What is probed: one running container.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pkg/api/types.h"

namespace spacelet::probe {

struct Target {
  std::string name;  // container name
  std::string id;
  std::string ip;  // on its network; 127.0.0.1 with hostNetwork; empty: none yet
  absl::Time started_at = absl::InfinitePast();  // another start is another target
  std::optional<api::Probe> startup, readiness;
  bool operator==(const Target&) const = default;
};

}  // namespace spacelet::probe

// What is probed: one running container.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"

namespace spacelet::probe {

// Where a container says how much it is doing.
struct DrainMetric {
  uint16_t port = 0;
  std::string path, name;
  bool operator==(const DrainMetric&) const = default;
};

struct Target {
  std::string id;
  std::string ip;  // on its network; 127.0.0.1 with hostNetwork; empty: none yet
  absl::Time started_at = absl::InfinitePast();  // another start is another life
  base::Instant seen_at = {};                    // when the look began that it is of
  std::optional<api::Probe> startup = std::nullopt, readiness = std::nullopt, liveness = std::nullopt;
  // The container is of an older document: the probes that it has been watched with fit it better than these.
  bool outdated = false;
  std::optional<DrainMetric> drain = std::nullopt;  // read only while this is set
  bool operator==(const Target&) const = default;
};

}  // namespace spacelet::probe

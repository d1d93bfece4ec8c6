// Whether the cloud's metadata service answers, and whether its answers reach containers.
#pragma once

#include <cstdint>
#include <string>

#include "pkg/doctor/facts.h"

namespace spacelet::doctor {

inline constexpr char kMetadataAddress[] = "169.254.169.254";

// Asks only on a machine of a cloud. EC2: for a session token, which is given to nobody, and once more while
// packets that have made their last hop are dropped: an answer that comes only without that does not reach a
// container, which is one hop further. At most 5 s.
MetadataFacts AskMetadata(Cloud cloud, const std::string& ip, uint16_t port);

}  // namespace spacelet::doctor

// Which machine of which cloud this is.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/cloud/caller.h"
#include "pkg/cloud/metadata.h"

namespace spacelet::cloud {

struct Instance {
  std::string id;      // "4520031799277581759", "i-1234567890abcdef0"
  std::string zone;    // "us-west1-b", "us-west-2a"
  std::string region;  // "us-west1", "us-west-2"
  bool operator==(const Instance&) const = default;
};

// Errors: as the Get of pkg/cloud/metadata.h; Internal an answer that is none.
absl::StatusOr<Instance> ReadGoogleInstance(const std::string& metadata_url, const Patience& patience);
absl::StatusOr<Instance> ReadAwsInstance(const std::string& metadata_url, const Patience& patience);

}  // namespace spacelet::cloud

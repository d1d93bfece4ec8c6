// A secret of Google Cloud's Secret Manager, read as the service account of the VM that this runs on.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/cloud/caller.h"
#include "pkg/cloud/metadata.h"

namespace spacelet::cloud {

struct GcpSecret {
  std::string name;       // "delegate-token", or "projects/P/secrets/S" with or without "/versions/V"
  std::string project{};  // of a short name; empty: the VM's
  std::string version = "latest";
};

struct GcpEndpoints {
  std::string metadata = kMetadataUrl;
  std::string secret_manager = "https://secretmanager.googleapis.com";
};

// The payload, whose checksum is verified. Errors: InvalidArgument a name that is none; Unavailable,
// DeadlineExceeded no metadata server, or no way to Secret Manager; PermissionDenied with the role or scope
// that is missing; NotFound no such secret or version, or the VM has no service account; FailedPrecondition
// the version is disabled or the API is off; Internal an answer that cannot be read. No message holds the
// secret or a token.
absl::StatusOr<std::string> ReadGcpSecret(const GcpSecret& secret, const GcpEndpoints& endpoints,
                                          const Patience& patience);

}  // namespace spacelet::cloud

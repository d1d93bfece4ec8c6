// A secret of AWS Secrets Manager, read with the role of the EC2 instance that this runs on.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/cloud/caller.h"
#include "pkg/cloud/metadata.h"

namespace spacelet::cloud {

struct AwsSecret {
  std::string id;        // a name or an ARN
  std::string region{};  // empty: the ARN's, else the instance's
  std::string stage{};   // "AWSPREVIOUS"; empty: AWSCURRENT
};

struct AwsEndpoints {
  std::string metadata = kMetadataUrl;
  std::string secrets_manager;  // empty: https://secretsmanager.<region>.amazonaws.com
};

// The secret's text or bytes. Asks the instance's metadata by IMDSv2 only. Errors: InvalidArgument an id that
// is none; Unavailable, DeadlineExceeded no metadata server, or no way to Secrets Manager; PermissionDenied
// with the permission that is missing; NotFound no such secret in the region, or the instance has no role;
// FailedPrecondition metadata switched off, or a clock that is wrong; Internal an answer that cannot be read.
// No message holds the secret, a key or a token.
absl::StatusOr<std::string> ReadAwsSecret(const AwsSecret& secret, const AwsEndpoints& endpoints,
                                          const Patience& patience);

}  // namespace spacelet::cloud

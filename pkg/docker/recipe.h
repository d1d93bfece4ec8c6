// What a container was made with, read back from how it is: the request that would make it again.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

struct Recipe {
  std::string id;
  bool running = false;
  // Without what the image brings along and what Docker fills in by itself. Env holds secrets in clear: never
  // print it as it is.
  CreateContainerRequest request;
  std::vector<std::string> networks;  // all that it is on, sorted
  // Settings that a request of ours cannot hold: the path of the field in Docker's API and its value
  // ("HostConfig.CgroupParent: /x", structures as JSON), sorted; "***" where either looks like a secret.
  std::vector<std::string> others;
};

// From GET /containers/{id}/json and GET /images/{id}/json of its image. Pure. Errors: Internal, as decode.h.
absl::StatusOr<Recipe> DecodeRecipe(absl::string_view container, absl::string_view image);

}  // namespace spacelet::docker
